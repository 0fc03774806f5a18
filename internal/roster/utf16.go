package roster

import (
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// A utf16Reader turns UTF-16 into UTF-8. Half a pair or half a unit becomes a
// byte that is not valid UTF-8, so that the row it stands in is rejected like
// any other damaged row, instead of being shown with a replacement character.
type utf16Reader struct {
	r   io.Reader
	big bool
	in  [4096]byte
	n   int    // bytes waiting in in
	out []byte // text waiting
	err error
}

const notText = 0xff

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		n, err := u.r.Read(u.in[u.n:])
		u.n += n
		u.err = err
		u.convert(err != nil)
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// convert turns what is complete into text; at the end, all of it.
func (u *utf16Reader) convert(end bool) {
	out, i := u.out[:0], 0
	for ; i+1 < u.n; i += 2 {
		c := u.unit(i)
		if !utf16.IsSurrogate(c) {
			out = utf8.AppendRune(out, c)
			continue
		}
		if i+3 >= u.n && !end && c < 0xdc00 {
			break // its other half has not come yet
		}
		if i+3 < u.n {
			if r := utf16.DecodeRune(c, u.unit(i+2)); r != utf8.RuneError {
				out = utf8.AppendRune(out, r)
				i += 2
				continue
			}
		}
		out = append(out, notText)
	}
	if end && i < u.n {
		out, i = append(out, notText), u.n
	}
	u.n = copy(u.in[:], u.in[i:u.n])
	u.out = out
}

func (u *utf16Reader) unit(i int) rune {
	if u.big {
		return rune(u.in[i])<<8 | rune(u.in[i+1])
	}
	return rune(u.in[i+1])<<8 | rune(u.in[i])
}
