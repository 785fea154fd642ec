package cli

import (
	"fmt"

	"github.com/ilumy/usersync/scim/client"
)

// Profiles are the names that [Profile] takes, for help texts.
const Profiles = "aws, databricks, entra, github, gitlab, google, ibm, miro, slack"

// Profile gives what is known of a brand of SCIM service; nil for an empty name, which is any.
func Profile(name string) (*client.Profile, error) {
	switch name {
	case "":
		return nil, nil
	case "aws":
		return client.AWS(), nil
	case "databricks":
		return client.Databricks(), nil
	case "entra":
		return client.Entra(), nil
	case "github":
		return client.GitHub(), nil
	case "gitlab":
		return client.GitLab(), nil
	case "google":
		return client.GoogleCloudIdentity(), nil
	case "ibm":
		return client.IBMVerify(), nil
	case "miro":
		return client.Miro(), nil
	case "slack":
		return client.Slack(), nil
	}
	return nil, fmt.Errorf("the profile %q is unknown, expected one of %s, or none", name, Profiles)
}
