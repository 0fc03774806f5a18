package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/regulators"
	"tocsin/templates"
)

type configCmd struct {
	Example configExampleCmd `cmd:"" help:"Print a settings file with every key explained."`
	Check   configCheckCmd   `cmd:"" help:"Check a settings file with the rules and texts it names, and print what holds, with secrets hidden."`
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
	if err := checkRules(t, s.RulesDir); err != nil {
		return err
	}
	if err := checkWords(s); err != nil {
		return err
	}
	_, err = io.WriteString(t.out, s.Redacted())
	return err
}

// checkRules names everything the linter finds in the team's own rules, not
// only the first line that would stop a start.
func checkRules(t *terminal, dir string) error {
	if dir == "" {
		return nil // what is shipped is linted by a test
	}
	own := os.DirFS(dir)
	wrong := printFindings(t, "rules-dir: ", regulators.Lint(regulators.Shipped(), own))
	if wrong > 0 {
		return incidents.Invalid("the rules in %s have %d errors", dir, wrong).On("rules-dir").WithHint("mend the lines named above")
	}
	_, err := regulators.Open(own, regulators.Options{})
	return err
}

func checkWords(s settings.Settings) error {
	var own fs.FS
	if s.TemplatesDir != "" {
		own = os.DirFS(s.TemplatesDir)
	}
	_, err := templates.New(templates.Org{Name: s.Organisation.Name, Domains: s.Organisation.Domains}, own)
	return err
}
