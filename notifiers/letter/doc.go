// Package letter carries notices by post: it lays each out for the window of
// an envelope, binds a batch of them into one PDF, and puts that with a
// manifest into the folder a printer takes them from. The printer answers with
// small files in the same folder; Channel.Answers reads them.
//
// It never prints a letter with a hole: what the fonts cannot set, or what does
// not fit the window, is refused with a reason, so that the plan goes on. It
// never writes a batch twice, and never a drill's letter into the folder.
package letter
