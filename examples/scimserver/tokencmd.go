package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/scim/server"
)

func tokenCommand(db *string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Create, list and revoke the tokens that let identity providers in",
		Args:  cli.Commands,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(createToken(db), listTokens(db), revokeToken(db))
	return cmd
}

// withDatabase runs do with the database that -db names.
func withDatabase(ctx context.Context, db string, do func(*database) error) error {
	d, err := openDatabase(ctx, db, 1)
	if err != nil {
		return err
	}
	defer d.pool.Close()
	return do(d)
}

func createToken(db *string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create name",
		Short: "Create a token and print it; it cannot be shown again",
		Args:  oneName,
	}
	tenant := cmd.Flags().String("tenant", "", "the `tenant` whose resources it is for")
	readOnly := cmd.Flags().Bool("read-only", false, "let it read only")
	expires := cmd.Flags().String("expires", "", "until when it is valid: a `time` from now as 90d or 12h, or a date as 2030-12-31 (default for ever)")
	user := cmd.Flags().String("user", "", "the `id` of the User that /Me stands for")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t := server.Token{Name: args[0], Tenant: *tenant, UserID: *user, ReadOnly: *readOnly}
		if err := plain("-tenant", t.Tenant); err != nil {
			return err
		}
		var err error
		if t.Expires, err = expiry(*expires, time.Now()); err != nil {
			return err
		}
		token := server.NewToken()
		t.Hash = server.HashToken(token)
		return withDatabase(cmd.Context(), *db, func(d *database) error {
			if err := d.AddToken(cmd.Context(), t); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "This is the token %s. It cannot be shown again. Clients send it as \"Authorization: Bearer ...\".\n", describe(&t))
			_, err := fmt.Fprintln(cmd.OutOrStdout(), token)
			return err
		})
	}
	return cmd
}

func listTokens(db *string) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the tokens there are, which do not show the tokens themselves", Args: cli.NoArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withDatabase(cmd.Context(), *db, func(d *database) error {
			list, err := d.Tokens(cmd.Context())
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tTENANT\tACCESS\tCREATED\tEXPIRES")
			for _, t := range list {
				tenant, access, expires := "-", "write", "never"
				if t.Tenant != "" {
					tenant = t.Tenant
				}
				if t.ReadOnly {
					access = "read"
				}
				if !t.Expires.IsZero() {
					expires = t.Expires.Format(time.RFC3339)
					if !time.Now().Before(t.Expires) {
						expires += " (expired)"
					}
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.Name, tenant, access, t.Created.Format(time.RFC3339), expires)
			}
			return w.Flush()
		})
	}
	return cmd
}

func revokeToken(db *string) *cobra.Command {
	cmd := &cobra.Command{Use: "revoke name", Short: "Revoke a token; from then on it lets nobody in", Args: oneName}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return withDatabase(cmd.Context(), *db, func(d *database) error {
			if err := d.RevokeToken(cmd.Context(), args[0]); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "The token %s is revoked.\n", args[0])
			return err
		})
	}
	return cmd
}

// oneName wants the name of a token.
func oneName(_ *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return cli.Usagef("the name of one token is needed, as in \"scimserver token create entra\"")
	}
	return plain("the name", args[0])
}

// plain refuses what would spoil a log or a list.
func plain(what, s string) error {
	const longest = 100
	if len(s) > longest || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return cli.Usagef("%s is longer than %d bytes or has characters that cannot be printed", what, longest)
	}
	return nil
}

// describe says of a token what is not secret.
func describe(t *server.Token) string {
	s := t.Name
	if t.Tenant != "" {
		s += " of tenant " + t.Tenant
	}
	if t.ReadOnly {
		s += ", which may read only"
	}
	if !t.Expires.IsZero() {
		s += ", valid until " + t.Expires.UTC().Format(time.RFC3339)
	}
	return s
}

// expiry reads a time from now, in Go's form or in days, or a date, at whose end (in UTC) it lies.
func expiry(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, s); err == nil {
			t = t.AddDate(0, 0, 1)
		}
	}
	if err != nil {
		var d time.Duration
		if days, ok := strings.CutSuffix(s, "d"); ok {
			var n int
			n, err = strconv.Atoi(days)
			t = now.AddDate(0, 0, n)
		} else if d, err = time.ParseDuration(s); err == nil {
			t = now.Add(d)
		}
	}
	if err != nil {
		return time.Time{}, cli.Usagef("-expires: %q is neither a time from now, as 90d or 12h, nor a date, as 2030-12-31", s)
	}
	if !t.After(now) {
		return time.Time{}, cli.Usagef("-expires: %q is in the past", s)
	}
	return t, nil
}
