// Package notify tells people how their jobs ended: by email, Slack, Discord or Telegram.
//
//  1. The Notifier collects messages from the outbox under a lease, several at a time (notifier.go, lanes.go).
//  2. Of a message's job and request it takes what the placeholders stand for, and a link or the file itself (values.go, deliver.go).
//  3. It fills in title and text, and escapes them for the medium (template.go, markup.go).
//  4. The medium sends: email.go, webhook.go (Slack and Discord), telegram.go, one of a table (sender.go). Every connection goes through the dial guard (guard.go, dial.go).
//  5. It records what became of the message: sent, to be tried again, or undelivered (outcome.go, failure.go).
//
// What it promises: a message in the outbox is sent at least once or recorded as undelivered with the reason, and each try of an email has the same
// Message-ID. A target that is slow doesn't hold up the others for long. No connection goes to a loopback, private or otherwise special
// address that the configuration doesn't allow. Secrets reach neither logs nor errors.
// What it does not: a message may come twice, where the process dies between sending and recording.
//
// Times are ns since 1970, UTC, but where a time.Duration says otherwise.
package notify
