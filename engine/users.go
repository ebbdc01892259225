package engine

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// readUsers reads the embedded broker's users: a line name:password each; blank lines and those that begin with # are passed over.
func readUsers(file string) (map[string]string, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, &InputError{fmt.Errorf("read the broker's users: %w", err)}
	}
	defer f.Close()
	users := map[string]string{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, password, ok := strings.Cut(line, ":")
		if !ok || name == "" || password == "" {
			return nil, &InputError{fmt.Errorf("read the broker's users: %s, line %d: allowed is name:password", file, n)}
		}
		users[name] = password
	}
	if err := lines.Err(); err != nil {
		return nil, &InputError{fmt.Errorf("read the broker's users: %w", err)}
	}
	return users, nil
}
