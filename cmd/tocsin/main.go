// Command tocsin carries a security alert all the way to the proof that every
// affected person was told. One file per verb.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"tocsin/incidents"
	"tocsin/internal/pace"
)

// version is set by the build.
var version = "dev"

type cli struct {
	Serve    serveCmd    `cmd:"" help:"Run the service: console, alert hook, public site, dispatch."`
	Worker   workerCmd   `cmd:"" help:"Run dispatch only, beside a service that shares its database and bus."`
	Demo     demoCmd     `cmd:"" help:"Show the whole chain on invented people, on loopback, and leave the console open."`
	Account  accountCmd  `cmd:"" help:"Add accounts and mint API tokens, without a browser."`
	Status   statusCmd   `cmd:"" help:"Export the claimed status of every delivery of a notice, as JSON lines."`
	Forecast forecastCmd `cmd:"" help:"Say when the sending of a notice ends, against each deadline, and what if it went faster."`
	Returned returnedCmd `cmd:"" help:"Record letters the post brought back, so that their persons are told another way."`
	Report   reportCmd   `cmd:"" help:"Write out a report to an authority: DOCX, PDF, HTML, JSON, or text to copy from."`
	Verify   verifyCmd   `cmd:"" help:"Check an evidence bundle offline, or the whole audit log."`
	Rules    rulesCmd    `cmd:"" help:"List the law as data, judge a file of facts by it, check and compare rules."`
	Config   configCmd   `cmd:"" help:"Print a settings file with every key explained, or check one."`

	Version kong.VersionFlag `help:"Print the version."`
}

// A terminal is what a verb may use of the outside.
type terminal struct {
	out, err io.Writer
	in       io.Reader
	env      func(string) string
}

func main() {
	pace.Set()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], &terminal{out: os.Stdout, err: os.Stderr, in: os.Stdin, env: os.Getenv}))
}

// run is main for tests as well.
func run(ctx context.Context, args []string, t *terminal) int {
	var c cli
	code := -1
	p, err := kong.New(&c, kong.Name("tocsin"), kong.Description("Security-incident notification and breach response."),
		kong.Vars{"version": version}, kong.Writers(t.out, t.err), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(n int) { code = n }))
	if err != nil {
		fmt.Fprintln(t.err, "tocsin:", err)
		return exitInternal
	}
	k, err := p.Parse(spelled(args))
	if code >= 0 {
		return code
	}
	if err != nil {
		fmt.Fprintln(t.err, "tocsin:", err)
		return exitUsage
	}
	k.BindTo(ctx, (*context.Context)(nil))
	if err := k.Run(t); err != nil {
		return complain(t.err, err)
	}
	return 0
}

// spelled takes the ways people ask what there is for the flags that answer.
func spelled(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	case args[0] == "version":
		return []string{"--version"}
	}
	return args
}

// The exit codes, one per kind of error.
const (
	exitInternal    = 1
	exitUsage       = 2
	exitInvalid     = 3
	exitNotFound    = 4
	exitConflict    = 5
	exitForbidden   = 6
	exitUnavailable = 7
)

var exitCodes = map[incidents.Kind]int{
	incidents.KindInvalid: exitInvalid, incidents.KindNotFound: exitNotFound, incidents.KindConflict: exitConflict,
	incidents.KindForbidden: exitForbidden, incidents.KindUnauthenticated: exitForbidden,
	incidents.KindThrottled: exitUnavailable, incidents.KindUnavailable: exitUnavailable,
}

// misused is what was wrong with the command line itself, where exitInvalid
// would be taken for the verb's own finding.
type misused struct{ error }

func (m misused) Unwrap() error { return m.error }

// complain says in lower case what was wrong and, if it is known, what to do.
func complain(w io.Writer, err error) int {
	fmt.Fprintln(w, "tocsin:", strings.TrimSpace(err.Error()))
	var e *incidents.Error
	if errors.As(err, &e) && e.Hint != "" {
		fmt.Fprintln(w, "  hint:", e.Hint)
	}
	if errors.As(err, new(misused)) {
		return exitUsage
	}
	if code, ok := exitCodes[incidents.KindOf(err)]; ok {
		return code
	}
	return exitInternal
}
