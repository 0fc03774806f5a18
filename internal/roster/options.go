package roster

import (
	"strings"
	"time"

	"tocsin/incidents"
)

// The formats of a list.
const (
	CSV   = "csv"
	JSONL = "jsonl"
)

// The encodings of a list.
const (
	UTF8  = "utf-8"
	UTF16 = "utf-16"
	GBK   = "gbk"
)

// Options says how to read a list. Only AsOf is required.
type Options struct {
	Format       string          // csv, jsonl; "" detects it from content and name
	Encoding     string          // utf-8, utf-16, gbk; "" means by byte order mark, else UTF-8
	Name         string          // file name, for detecting the format
	Delimiter    rune            // of CSV cells; 0 detects it from the header
	AsOf         time.Time       // the day ages are counted on
	DefaultPlace incidents.Place // of persons whose row names no country
	// Progress is told now and then how many rows are done and how many bytes of
	// the source, as it is stored, were read.
	Progress func(rows, bytes int64)
}

// A Row is one row of a list: a reject when Reject is set, else a candidate.
type Row struct {
	Candidate incidents.Candidate
	Reject    *incidents.Reject
}

// A Summary says what was read. Rows is the sum of Candidates and Rejected.
type Summary struct {
	Rows        int64  `json:"rows"`
	Candidates  int64  `json:"candidates"`
	Repaired    int64  `json:"repaired"`    // of the candidates
	Unreachable int64  `json:"unreachable"` // candidates without any channel
	Rejected    int64  `json:"rejected"`
	Bytes       int64  `json:"bytes"` // of the source, as it is stored
	Format      string `json:"format"`
	Encoding    string `json:"encoding"`
	Packing     string `json:"packing,omitempty"`   // gzip, zstd
	Delimiter   string `json:"delimiter,omitempty"` // of CSV
}

func (o Options) check() (Options, error) {
	switch o.Format = strings.ToLower(strings.TrimSpace(o.Format)); o.Format {
	case "", CSV, JSONL:
	case "ndjson":
		o.Format = JSONL
	default:
		return o, incidents.Invalid("lists are read as csv or jsonl, not as %q", o.Format).On("format")
	}
	enc, ok := encodingNames[strings.ToLower(strings.TrimSpace(o.Encoding))]
	if !ok {
		return o, incidents.Invalid("lists are read in utf-8, utf-16 or gbk, not in %q", o.Encoding).On("encoding")
	}
	o.Encoding = enc
	switch o.Delimiter {
	case 0, ',', ';', '\t', '|':
	default:
		return o, incidents.Invalid("cells are split by a comma, a semicolon, a tab or a bar").On("delimiter")
	}
	if o.AsOf.IsZero() {
		return o, incidents.Invalid("the day on which ages are counted is missing").On("as_of")
	}
	return o, nil
}

var encodingNames = map[string]string{
	"": "", "utf-8": UTF8, "utf8": UTF8, "utf-8-sig": UTF8, "utf8bom": UTF8,
	"utf-16": UTF16, "utf16": UTF16, "utf-16le": UTF16, "utf-16be": UTF16, "utf16le": UTF16, "utf16be": UTF16,
	"gbk": GBK, "gb18030": GBK, "gb2312": GBK, "cp936": GBK,
}
