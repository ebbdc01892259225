package jobtest

import "syscall"

// endWithTest has the kernel stop a server whose test was killed; SIGQUIT is an immediate shutdown.
func endWithTest(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGQUIT }
