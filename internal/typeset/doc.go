// Package typeset sets text on pages of a PDF: it measures, breaks lines in
// Latin and Chinese text, and draws. Reports and letters use it.
//
// It shapes nothing: scripts whose letters join, stack or run from right to
// left cannot be set, and Setter.Lacks says so. What stands where is its
// callers' business.
package typeset
