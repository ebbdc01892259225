package engine

import "runtime/debug"

// release is the version of this source tree; a build from a tagged module tells its own.
const release = "0.1.0"

// Version is what this binary calls itself: in version, in manifests, and to a second writer.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return release
}
