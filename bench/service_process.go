package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// served is decant serve, this very program, in a process of its own.
type served struct {
	cmd    *exec.Cmd
	log    bytes.Buffer  // to read once it has ended
	ended  chan struct{} // closed when it is gone
	url    string
	broker string // host:port of the embedded broker
	token  string
	client *http.Client
}

// serviceTOML is the configuration: everything as it is by default, but for what one owner on a small disk would run into.
const serviceTOML = `data = %q
max_future = "1000000h"
[service]
listen = %q
[ingest]
embedded = %q
[limits]
owner_queued = 10000
owner_exports = 1000000
artifacts = 1000000000000
owner_artifacts = 1000000000000
`

// start starts the service with an empty queue, and returns when it answers.
func (x *installation) start(ctx context.Context) (s *served, err error) {
	if err := os.Rename(filepath.Join(x.data(), "service"), x.scratch()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("clear the queue: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	addr, err := freeAddresses(2)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(x.dir, "decant.toml")
	if err := os.WriteFile(config, fmt.Appendf(nil, serviceTOML, x.data(), addr[0], addr[1]), 0o600); err != nil {
		return nil, err
	}
	s = &served{
		cmd: exec.Command(self, "serve", "--quiet", "--config", config), ended: make(chan struct{}), url: "http://" + addr[0], broker: addr[1],
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: time.Minute},
	}
	if x.cores() < runtime.NumCPU() {
		s.cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", x.cores()))
	}
	s.cmd.Stderr = &s.log
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the service: %w", err)
	}
	token, err := bufio.NewReader(stdout).ReadString('\n') // an administrator's, of a service that has none yet
	go func() {
		s.cmd.Wait() // after the token is read: it closes the pipe
		close(s.ended)
	}()
	s.token = strings.TrimSpace(token)
	if err == nil {
		err = await(ctx, time.Millisecond, func() (bool, error) { return s.call(ctx, "GET", "/readyz", "", "", nil) == nil, s.alive() })
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the service: %w", err), s.stop())
	}
	return s, nil
}

// alive is an error where the process has ended.
func (s *served) alive() error {
	select {
	case <-s.ended:
		return fmt.Errorf("the service has ended with %s:\n%s", s.cmd.ProcessState, &s.log)
	default:
		return nil
	}
}

// stop ends the process as an operator does, and returns when it is gone.
func (s *served) stop() error {
	s.client.CloseIdleConnections()
	if s.cmd.Process.Signal(os.Interrupt) != nil { // which some systems don't know
		s.cmd.Process.Kill()
	}
	<-s.ended
	if !s.cmd.ProcessState.Success() && s.log.Len() > 0 {
		return fmt.Errorf("the service ended with %s:\n%s", s.cmd.ProcessState, &s.log)
	}
	return nil
}

// call calls the API and reads the answer into answer, where one is given. Any status from 300 on is an error.
func (s *served) call(ctx context.Context, method, path, mediaType, body string, answer any) error {
	text, err := s.get(ctx, method, path, mediaType, body)
	if err != nil {
		return err
	}
	if answer != nil {
		if err := json.Unmarshal(text, answer); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	return nil
}

func (s *served) get(ctx context.Context, method, path, mediaType, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, errors.Join(err, s.alive())
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s\n%s", method, path, res.Status, text)
	}
	return text, err
}

// await asks again and again until the answer is yes: after a hundredth of the time that it has waited, and not before least, so that it sees the end in time and keeps nobody
// from working.
func await(ctx context.Context, least time.Duration, done func() (bool, error)) error {
	began := time.Now()
	for {
		if is, err := done(); is || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(time.Since(began)/100, least)):
		}
	}
}

// freeAddresses are loopback addresses that nobody listens on.
func freeAddresses(n int) (list []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close()
		list = append(list, l.Addr().String())
	}
	return list, nil
}
