package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// migrate applies what is missing of migrations/<folder>. Several processes
// may start at once on PostgreSQL: one migrates, the others wait.
func migrate(ctx context.Context, db *sql.DB, folder string, log *slog.Logger) error {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	dialect, alone := goose.DialectSQLite3, func(fn func() error) error { return fn() }
	if strings.Contains(folder, "postgres") {
		// goose has a lock of its own, and makes its table before it takes it.
		dialect, alone = goose.DialectPostgres, func(fn func() error) error { return creating(ctx, db, fn) }
	}
	p, err := goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	var done []*goose.MigrationResult
	err = alone(func() error {
		done, err = p.Up(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("migrate the database: %w", named(err))
	}
	for _, m := range done {
		log.Info("migrated the database", "folder", folder, "version", m.Source.Version)
	}
	return nil
}
