// Package templates holds the words, as data: the first drafts and fixed words
// in every language we ship (words/), the layouts per channel (layouts/), the
// linter, and the rendering of an approved notice for one person.
//
// A notice is compiled once per language and channel into segments, static
// text and slots, and rendered per person by putting the cleaned and escaped
// values of that person into the slots. Nothing personal is ever parsed as a
// template or as HTML, and a slot without a value is an error: a message with
// a hole in it is never sent.
//
// Languages are matched by BCP 47. A person is never given another script of
// their language by accident: zh-TW is not answered with zh-Hans unless a words
// file says so under also_for; the declared default of the notice is used
// instead.
//
// The package refuses to fetch anything, to read a clock and to know a channel's
// provider.
package templates
