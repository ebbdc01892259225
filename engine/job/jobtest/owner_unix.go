//go:build unix

package jobtest

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// owner is the user who runs a server: nobody in particular, but for root, which PostgreSQL refuses to be.
type owner struct{ credential *syscall.Credential }

// giveAway makes a folder the server's, for which root becomes the user postgres.
func (s *server) giveAway(folder string) {
	if os.Getuid() != 0 {
		return
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		s.t.Fatalf("PostgreSQL won't run as root, and there is no other user for it: %v", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		s.t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chown(folder, int(uid), int(gid)); err != nil {
		s.t.Fatal(err)
	}
	s.credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// become makes a command run as the server's user, in a process group of its own: a signal to the test's group isn't for the server.
func (o owner) become(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Credential: o.credential, Setpgid: true}
	endWithTest(c.SysProcAttr)
}
