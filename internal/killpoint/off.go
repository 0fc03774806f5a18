//go:build !killpoints

package killpoint

// At does nothing.
func At(Point) {}

// If does nothing.
func If(bool, Point) {}
