package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/app"
	"tocsin/internal/standin"
)

// A binary is the real program with a settings file, started and killed as a process.
type binary struct {
	t              *testing.T
	path, dir      string
	config         string
	inside, public string
	mail           *standin.Mail
	env            []string // of the program, beside this process's
	cmd            *exec.Cmd
	log            *bytes.Buffer
	secrets        map[string]string // second factors by account
	tokens         map[string]string
}

// A program is built once per test run.
type program struct {
	once sync.Once
	path string
	err  error
}

var (
	built           program // as it is released
	builtToBeKilled program // with the points where it kills itself
	builtNATS       program // nats-server, of the module the bus is made of
)

// build builds a package of this module or of one it requires.
func (p *program) build(t *testing.T, tags, pkg string) string {
	t.Helper()
	p.once.Do(func() {
		dir, err := os.MkdirTemp("", "tocsin-binary-")
		if err != nil {
			p.err = err
			return
		}
		p.path = filepath.Join(dir, filepath.Base(pkg))
		cmd := exec.Command("go", "build", "-tags", tags, "-o", p.path, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			p.err = fmt.Errorf("build %s: %w\n%s", pkg, err, out)
		}
	})
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p.path
}

func theBinary(t *testing.T) string {
	t.Helper()
	return built.build(t, "disable_grpc_modules", "tocsin/cmd/tocsin")
}

// publicSite is the address messages of the binary lead to; nothing answers there.
const publicSite = "https://www.example.com"

// newBinary writes the settings and adds the accounts by the command line alone.
func newBinary(t *testing.T, env ...string) *binary {
	t.Helper()
	mail, err := standin.NewMail()
	if err != nil {
		t.Fatal(err)
	}
	mail.KeepData = false
	b := &binary{t: t, path: theBinary(t), dir: t.TempDir(), mail: mail, inside: freePort(t), public: freePort(t), secrets: map[string]string{}, tokens: map[string]string{}, env: env}
	t.Cleanup(func() {
		b.kill()
		if err := mail.Close(); err != nil {
			t.Error(err)
		}
	})
	b.config = filepath.Join(b.dir, "tocsin.yaml")
	text := fmt.Sprintf(`data-dir: data
organisation: {name: Example Retail Ltd, country: DE, domains: [example.com], contact: {name: Customer care, email: care@example.com, phone: "+1 415 555 0100"}}
inside: {listen: "%s"}
public: {listen: "%s", url: "%s"}
channels:
  email: {mode: smtp, smtp: {address: "%s", starttls: "off", from: notices@example.com, connections: 4}}
limits: {window: {email: 16}}
dispatch: {lease: 1s, sweep: 1s, doubt-wait: 0s, first-wave: 0} # a kill in the first wave is for a person to decide
sources:
  - {name: siem, format: generic, auth: {style: bearer, token: %s}}
log: {level: warn}
`, b.inside, b.public, publicSite, mail.Addr, hookToken)
	if err := os.WriteFile(b.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b.hire("rita", "responder", "read,triage,facts,persons,draft,release,stop,submit,evidence")
	b.hire("olga", "officer", "read,approve")
	return b
}

// hire adds an account and mints a token for it.
func (b *binary) hire(name, role, scope string) {
	b.t.Helper()
	var added struct {
		Secret string `json:"totp_secret"`
	}
	b.run(&added, "account", "add", name, "--role", role, "--json", "--config", b.config)
	var minted struct {
		Token string `json:"token"`
	}
	b.run(&minted, "account", "token", name, "--scope", scope, "--json", "--config", b.config)
	b.secrets[name], b.tokens[name] = added.Secret, minted.Token
}

// rewrite changes the settings file.
func (b *binary) rewrite(oldnew ...string) {
	b.t.Helper()
	text, err := os.ReadFile(b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(b.config, []byte(strings.NewReplacer(oldnew...).Replace(string(text))), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *binary) command(args ...string) *exec.Cmd {
	cmd := exec.Command(b.path, args...)
	cmd.Env = append(append(os.Environ(), "TOCSIN_PASSPHRASE=a passphrase for the test"), b.env...)
	return cmd
}

// run runs a verb to its end and reads its JSON.
func (b *binary) run(out any, args ...string) {
	b.t.Helper()
	cmd := b.command(args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	js, err := cmd.Output()
	if err != nil {
		b.t.Fatalf("tocsin %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	if err := json.Unmarshal(js, out); err != nil {
		b.t.Fatalf("tocsin %s printed %q: %v", strings.Join(args, " "), js, err)
	}
}

// start starts the service and, if it shall, waits until it is ready.
func (b *binary) start(wait bool) {
	b.t.Helper()
	b.cmd, b.log = b.command("serve", "--config", b.config), &bytes.Buffer{}
	b.cmd.Stderr, b.cmd.Stdout = b.log, b.log
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	if !wait {
		return
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if b.ready() {
			return
		}
	}
	b.kill()
	b.t.Fatalf("the service did not become ready:\n%s", b.log.String())
}

func (b *binary) ready() bool {
	resp, err := client.Get("http://" + b.inside + "/readyz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// client keeps no connections: the service behind them is killed.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}

// kill ends the process at once, as a power cut would.
func (b *binary) kill() {
	if b.cmd == nil || b.cmd.Process == nil {
		return
	}
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
	b.cmd = nil
}

// term asks the process to end and returns its exit code.
func (b *binary) term() int {
	b.t.Helper()
	if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.t.Fatal(err)
	}
	_ = b.cmd.Wait()
	code := b.cmd.ProcessState.ExitCode()
	b.cmd = nil
	return code
}

// api asks the JSON API; a code is sent when the second factor is wanted.
func (b *binary) api(name, method, path string, body, out any, code string) (int, []byte) {
	b.t.Helper()
	var r io.Reader
	kind := "application/json"
	switch x := body.(type) {
	case nil:
	case string:
		r, kind = strings.NewReader(x), "text/csv"
	default:
		js, err := json.Marshal(x)
		if err != nil {
			b.t.Fatal(err)
		}
		r = bytes.NewReader(js)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, "http://"+b.inside+"/api/v1"+path, r)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.tokens[name])
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	if code != "" {
		req.Header.Set("X-Tocsin-Code", code)
	}
	resp, err := client.Do(req)
	if err != nil {
		b.t.Fatalf("%s %s: %v\n%s", method, path, err, b.log.String())
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if out != nil {
		if resp.StatusCode >= 300 {
			b.t.Fatalf("%s %s as %s: %s\n%s", method, path, name, resp.Status, answer)
		}
		if err := json.Unmarshal(answer, out); err != nil {
			b.t.Fatalf("%s %s: %v\n%s", method, path, err, answer)
		}
	}
	return resp.StatusCode, answer
}

func (b *binary) code(name string) string {
	b.t.Helper()
	code, err := app.Code(b.secrets[name], time.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	return code
}

// alert posts an alert and tells whether it was acknowledged.
func (b *binary) alert(id string) bool {
	req, err := http.NewRequest(http.MethodPost, "http://"+b.inside+"/hooks/siem", strings.NewReader(fmt.Sprintf(`{"id":%q,"title":"Alert %s","severity":"low","host":"db-1"}`, id, id)))
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+hookToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode == http.StatusAccepted
}
