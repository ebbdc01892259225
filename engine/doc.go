// Package engine puts decant's parts together into what its commands run. It holds no rules of its own about samples, buckets or files: those are the parts'.
//
//   - Config is the configuration file, of which each part takes its share (config.go).
//   - Intake is a store with the ingest pipeline in front of it; Broker is the configured broker as its source (intake.go, broker.go, session.go).
//   - OpenWriter is the way into the store for a command that isn't the ingesting process: the store itself, or the running writer (write.go). Import and
//     Replay use it (importing.go, replay.go).
//   - Source is the store as exports see it; Export makes files of it (source.go, exporting.go).
//   - Archive brings settled days to a folder or a bucket; a Source of an archive reads them back, and ImportArchive stores them (archiving.go).
//   - Service is the export service in one process: it opens, runs and closes the parts (service.go) that assemble.go joins, as the configuration's
//     sections say (settings.go), behind HTTP (webserver.go). OpenTokens and FindTokens are its database for commands beside it (tokens.go).
//   - Verify and DeadLetters look at what is there (verify.go, letters.go).
//
// Everything takes its context and streams as arguments; only Service reads the system's clock, for its parts. See docs/architecture.md for who may import whom.
package engine
