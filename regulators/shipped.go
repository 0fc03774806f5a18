package regulators

import (
	"embed"
	"io/fs"
)

//go:embed rules calendars severity vocabulary authorities CHANGELOG.md
var shipped embed.FS

// Shipped is the rule pack that comes with the binary.
func Shipped() fs.FS { return shipped }
