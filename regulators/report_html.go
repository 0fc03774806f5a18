package regulators

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"

	"tocsin/incidents"
)

//go:embed forms/report.html
var reportHTML string

//go:embed forms/report.css
var reportCSS string

// A reportPage is the HTML document of a report. It loads nothing from
// anywhere and runs no script.
type reportPage struct{ t *template.Template }

func newReportPage() (*reportPage, error) {
	t, err := template.New("report").Parse(reportHTML)
	if err != nil {
		return nil, err
	}
	return &reportPage{t}, nil
}

// StyleSource is the Content-Security-Policy source of the style inside the
// HTML document: 'sha256-…'. A page that serves the document needs it.
func (r *Reports) StyleSource() string {
	sum := sha256.Sum256([]byte(reportCSS))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (r *Reports) renderHTML(c incidents.ReportContent, m incidents.ReportMeta) ([]byte, error) {
	var b bytes.Buffer
	err := r.page.t.Execute(&b, struct {
		reportView
		W     map[string]string
		Style template.CSS
	}{r.view(c, m), r.wordsOf(c.Lang).Words, template.CSS(reportCSS)})
	return b.Bytes(), err
}
