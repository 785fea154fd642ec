// Scimserver is a SCIM 2.0 service provider: identity providers as Entra ID, Okta, Google, OneLogin and JumpCloud push
// people and groups to it, and it keeps them in a database or writes them on to Plek or another SCIM service.
//
//	scimserver token create entra       # prints a token, once; it goes into the identity provider
//	scimserver                          # serves on http://127.0.0.1:8080 from the file scimserver.db
//
// Without a token nobody is let in.
//
// # Where resources are kept
//
// By default in a SQLite file, scimserver.db in the current folder or the one that -db names; in PostgreSQL when -db is its
// address. Tables are made and updated by the program, and begin with scim_. Whoever shares a database shares its tokens and
// resources, so several servers can run on one PostgreSQL.
//
//	scimserver -db /var/lib/scim/scim.db
//	scimserver -db postgres://scim@db.example.com/scim
//
// The password of PostgreSQL comes from PGPASSWORD or a password file, or the whole address from SCIMSERVER_DB.
//
// With -gateway what is pushed is also written to another service at once, and acknowledged only when that has taken it.
// There is one tenant then, the one without a name.
//
//	SCIMSERVER_GATEWAY_TOKEN=... scimserver -gateway https://example.plek.co -gateway-profile plek
//
// A user that is deleted is deactivated there, unless -gateway-delete is given; -gateway-mapping names a file of rules (package
// datamapper) by which is made what the service shall have.
//
// # Tokens
//
//	scimserver token create okta -tenant acme -expires 365d
//	scimserver token create report -tenant acme -read-only
//	scimserver token list
//	scimserver token revoke okta
//
// A token belongs to a tenant, and sees and changes the resources of that tenant only; without -tenant it belongs to the
// one without a name. Several tokens of a tenant are valid at once, so that one can be replaced by the next without a
// gap. Of a token only its hash is kept. The commands can be used while a server runs, which heeds them at once; they need the same
// -db.
//
// # What clients find
//
// The endpoints of RFC 7644 lie below any path, so http://127.0.0.1:8080/scim/v2 works as well as
// http://127.0.0.1:8080; -base allows one path only. Requests are read tolerantly: what identity providers are known to send
// is taken although the RFCs have it otherwise. With -strict it is refused. One request can ask for the other with the
// header SCIM-Dialect or the parameter dialect, each "strict" or "tolerant".
//
// Clients that speak nothing newer than SCIM 1.1 find it below the path that -scim1 names, with the same tokens and the same
// resources:
//
//	scimserver -scim1 /scim/v1          # http://127.0.0.1:8080/scim/v1/Users
//
// # Events
//
// Others can be told of each change (RFC 9967): by a signed token that is pushed to them, or that they poll. It names what
// changed, and with -events-full it has the values too.
//
//	SCIMSERVER_EVENTS_TOKEN=... scimserver -public-url https://scim.example.com -events-push https://app.example.com/events
//	SCIMSERVER_EVENTS_TOKEN=... scimserver -public-url https://scim.example.com -events-poll /events
//
// Events wait in the database until they are taken, over restarts too. Of servers that share a database only one may have
// -events-push. The keys are in the file that -events-key names; recipients find the public halves at /.well-known/jwks.json,
// know the issuer by -events-issuer (or -public-url), and themselves by -events-audience. With -events-async a request
// with the header "Prefer: respond-async" is answered with 202 at once, and its outcome is told by an event.
//
// # Operation
//
//	GET /healthz   200 while the process answers
//	GET /readyz    200 while its database answers too, else 503
//	GET /metrics   Prometheus: requests, durations, tolerated deviations, the database pool
//
// They need no token and tell nothing of people; -ops-addr serves them on an address of their own instead. Each request is
// a line of JSON on the standard error, without personal data: who asked (the name of the token), what, the status, the deviations
// that were tolerated, and the request's id, which is taken from X-Request-Id and is in the answer too.
//
// SIGINT and SIGTERM end the server after the requests that are under way, for at most -shutdown-timeout; a second
// one ends it at once. The exit status is 0 after an end that was asked for, 1 when something failed, 2 for wrong usage.
package main

import (
	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
)

func main() { cli.Main(newCommand()) }

// newCommand is the program. Without a command it serves.
func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "scimserver",
		Short: "Take people and groups from identity providers by SCIM 2.0",
		Long: `Take people and groups from identity providers by SCIM 2.0, and keep them in a database or write them on to
Plek or another SCIM service. Without a command it serves.

  scimserver token create entra   prints a token, once; it goes into the identity provider
  scimserver                      serves on http://127.0.0.1:8080 from the file scimserver.db`,
		Args: cli.Commands,
	}
	db := root.PersistentFlags().String("db", "", "a SQLite `file`, or the address of PostgreSQL: postgres://user@host/name (default $"+dbVariable+", else "+defaultFile+")")
	addServe(root, db)
	serve := &cobra.Command{Use: "serve", Short: "Serve until SIGINT or SIGTERM, which is what happens without a command", Args: cli.NoArgs}
	addServe(serve, db)
	root.AddCommand(serve, tokenCommand(db))
	return root
}
