package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"tocsin/incidents"
	"tocsin/templates"
)

// Letters lays letters out on pages as a printer would get them.
type Letters interface {
	// LetterPDF is one letter; to is the lines of its address, name first.
	LetterPDF(l *templates.Letter, lang incidents.Lang, to string) ([]byte, error)
	// LettersWaiting counts batches the printer has not answered yet, as far as
	// its folder can be read.
	LettersWaiting() int
}

// inventedAddress is where the person of a preview lives.
const inventedAddress = "Alex Example\n1 Example Street\n12345 Example Town"

// previewLetter is a notice as a letter to a person who does not exist.
func (c *console) previewLetter(p *page) error {
	n, err := c.noticeByNo(p)
	if err != nil {
		return err
	}
	lang := incidents.Lang(p.vars["lang"])
	r, err := c.Book.Preview(n.Content, incidents.Letter, lang)
	if err != nil {
		return err
	}
	return c.letterPDF(p, r.Letter, r.Lang, inventedAddress, fmt.Sprintf("N-%d-%s-letter.pdf", n.No, r.Lang))
}

func (c *console) letterPDF(p *page, l *templates.Letter, lang incidents.Lang, to, name string) error {
	b, err := c.Letters.LetterPDF(l, lang, to)
	if err != nil {
		return err
	}
	return download(p.w, "application/pdf", name, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// captureLetter is the letter just opened, on its pages. Like the HTML of a
// mail it is given once: looking again asks for the reason again.
func (c *console) captureLetter(p *page) error {
	if p.vars["capture"] == "" || c.Sessions.PopString(p.r.Context(), "capture") != p.vars["capture"] {
		return incidents.Forbidden("this message was not opened just now").WithHint("open it with a reason")
	}
	got, err := c.Sandbox.OpenCapture(p.r.Context(), p.vars["capture"])
	if err != nil {
		return err
	}
	l, err := readLetter(got)
	if err != nil {
		return err
	}
	return c.letterPDF(p, l, got.Lang, got.To, "letter.pdf")
}

func readLetter(m incidents.Capture) (*templates.Letter, error) {
	var l templates.Letter
	if err := json.Unmarshal(m.Body, &l); err != nil || m.Channel != incidents.Letter {
		return nil, incidents.NotFound("this message is no letter")
	}
	return &l, nil
}

// maxReturned bounds a list of returned letters, in bytes.
const maxReturned = 32 << 20

// returnedLetters takes a list of letters the post brought back.
func (c *console) returnedLetters(p *page) error {
	n, err := c.noticeByNo(p)
	if err != nil {
		return err
	}
	r, err := c.readReturned(p)
	return c.backToDelivery(p, n, saidOfReturned(r), err)
}

func (c *console) readReturned(p *page) (r incidents.Returned, err error) {
	choose := incidents.Invalid("choose a file").On("returned")
	p.r.Body = io.NopCloser(patient(p.w, p.r, maxReturned))
	parts, err := p.r.MultipartReader()
	if err != nil {
		return r, choose
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return r, choose
		}
		if err != nil {
			return r, formError(err)
		}
		if part.FormName() != "returned" {
			continue
		}
		if part.FileName() == "" {
			return r, choose
		}
		if r, err = c.Desk.ReturnLetters(p.r.Context(), p.actor, part, true); err != nil {
			return r, err
		}
		if r.Lines == 0 {
			return r, incidents.Invalid("the list is empty").On("returned").WithHint("one letter a line: its code, or what its QR code reads")
		}
		return r, nil
	}
}

func saidOfReturned(r incidents.Returned) string {
	said := fmt.Sprintf("%s %s recorded as returned.", num(r.Recorded), plural(int64(r.Recorded), "letter", "letters"))
	if r.Again > 0 {
		said += fmt.Sprintf(" %s were recorded before.", num(r.Again))
	}
	if r.LeftOut > 0 {
		said += fmt.Sprintf(" %s %s left out, the first on line %d: %s.", num(r.LeftOut), plural(int64(r.LeftOut), "line was", "lines were"), r.Problems[0].Line, r.Problems[0].Reason)
	}
	return said
}
