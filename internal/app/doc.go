// Package app builds the service: it is the only place that sees every part.
// Each part is opened in order, its stop is registered at once under a name,
// and stops run in reverse. It decides nothing the domain decides.
package app
