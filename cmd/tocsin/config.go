package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"tocsin/incidents"
	"tocsin/internal/app"
	"tocsin/internal/rulepack"
	"tocsin/internal/settings"
	"tocsin/regulators"
)

type configCmd struct {
	Example configExampleCmd `cmd:"" help:"Print a settings file with every key explained."`
	Check   configCheckCmd   `cmd:"" help:"Check a settings file with the rules, texts and files it names, and print what holds, with secrets hidden."`
}

type configExampleCmd struct{}

// Run prints the example file.
func (configExampleCmd) Run(t *terminal) error {
	_, err := io.WriteString(t.out, settings.Example())
	return err
}

type configCheckCmd struct {
	File   string `arg:"" type:"existingfile" help:"Settings file."`
	Worker bool   `help:"Judge it for tocsin worker, which shares database and bus with a service."`
}

// Run checks a file. What the linter would only rather have otherwise is said
// and does not fail.
func (c configCheckCmd) Run(t *terminal) error {
	s, err := settings.Load(c.File, t.env)
	if err != nil {
		return err
	}
	if c.Worker {
		if err := s.ValidateWorker(); err != nil {
			return err
		}
		for _, w := range s.ApartFromTheService() {
			fmt.Fprintln(t.err, "warning:", w)
		}
	}
	if err := checkRules(t, s); err != nil {
		return err
	}
	if err := app.Check(s, c.Worker); err != nil {
		return err
	}
	_, err = io.WriteString(t.out, s.Redacted())
	return err
}

// checkRules verifies the pack the settings name and says everything the linter
// finds in it and in the team's own rules, not only what would stop a start.
func checkRules(t *terminal, s settings.Settings) error {
	if err := rulepack.CheckKeys(s.RulesKeys); err != nil {
		return fmt.Errorf("rules-keys: %w", err)
	}
	if s.RulesPack == "" && s.RulesDir == "" {
		return nil // what is shipped is linted by a test
	}
	var base, own fs.FS
	what, key := s.RulesDir, "rules-dir"
	if s.RulesPack != "" {
		f, err := rulepack.Read(s.RulesPack, s.RulesKeys...)
		if err != nil {
			return fmt.Errorf("rules-pack: %w", err)
		}
		sayOlder(t, f)
		base, what, key = f, s.RulesPack, "rules-pack"
	}
	if s.RulesDir != "" {
		own = os.DirFS(s.RulesDir)
		what, key = s.RulesDir, "rules-dir"
	}
	wrong := printFindings(t, key+": ", regulators.Lint(stack(base, own)...))
	if wrong > 0 {
		return incidents.Invalid("the rules in %s have %d errors", what, wrong).On(key).WithHint("mend the lines named above")
	}
	_, err := regulators.OpenOn(base, own, regulators.Options{})
	return err
}

// sayOlder says that a pack is older than the rules the program brings along:
// that is allowed, and rarely meant.
func sayOlder(t *terminal, f *rulepack.File) {
	p, err := regulators.Open(nil, regulators.Options{})
	if err == nil && incidents.OlderPack(f.Version, p.Version()) {
		fmt.Fprintf(t.err, "warning: the pack %s is older than the rules in this program, %s\n", f.Version, p.Version())
	}
}
