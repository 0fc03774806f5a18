package roster

import (
	"io"
	"strconv"
	"strings"

	"tocsin/incidents"
)

// RejectHeader is the first line of a reject file.
const RejectHeader = "row,reason,raw\r\n"

// WriteReject writes one line of a reject file: CSV with the number of the row,
// the reason, and the row as it was, as far as it was kept. No cell can be taken
// for a formula by a spreadsheet.
func WriteReject(w io.Writer, r incidents.Reject) error {
	line := make([]byte, 0, len(r.Reason)+len(r.Raw)+32)
	line = strconv.AppendInt(line, r.Row, 10)
	line = append(line, ',')
	line = appendCell(line, r.Reason)
	line = append(line, ',')
	line = appendCell(line, r.Raw)
	line = append(line, "\r\n"...)
	_, err := w.Write(line)
	return err
}

// appendCell appends a quoted cell that is safe to open.
func appendCell(dst []byte, s string) []byte {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
	dst = append(dst, '"')
	if isFormula(s) {
		dst = append(dst, '\'')
	}
	return append(append(dst, strings.ReplaceAll(s, `"`, `""`)...), '"')
}
