package peerbench

import _ "github.com/elimity-com/scim" // measured in the tests of the server
