// Package roster reads lists of affected persons as a stream: bytes in,
// candidates and rejects out, one row at a time and never the whole list.
//
// It reads CSV and JSONL, plain or packed with gzip or zstd, in UTF-8, UTF-16
// and GBK/GB18030. Every row becomes exactly one Row, in the order of the file:
// a candidate, or a reject with its number and the reason. It refuses to guess
// where a wrong guess would reach a stranger: a row that is not valid in the
// file's encoding, has another number of columns, or has a broken quote is
// rejected whole, and an address that may be two is no address.
//
// Duplicates are not decided here. A candidate carries the keys of its person;
// a row any of whose keys was seen before is that person again:
//
//	id:<subject id>         case and blanks ignored, ".0" of a spreadsheet dropped
//	ne:<name>\n<e-mail>     one for each e-mail address of the row
//
// A row with neither id nor e-mail has one of these, with a day of birth or none:
//
//	np:<name>\n<birth>\n<telephone>
//	nt:<name>\n<birth>\n<push token>   without a telephone number
//	na:<name>\n<birth>\n<address>      without either; commas are blanks
//
// A row with several addresses thus has several "ne" keys. A row without a
// subject id has no "id" key; its Ref is "row-<number>". Without a name neither
// number nor address identifies anybody: a household may share them. The contact itself holds the first usable address.
//
// A minor whose guardian can be reached, and a deceased person whose
// representative can (the guardian columns name both), has the channels of that
// contact and none of their own: who is written to is settled here.
//
// A candidate without channels is a person nobody can reach directly. Repaired
// is set only on reachable candidates: something in the row had to be mended or
// left out. Writing a number in its country's usual way is no damage.
package roster
