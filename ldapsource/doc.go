// Package ldapsource reads people and groups from Active Directory, OpenLDAP, 389 Directory Server and
// other LDAP directories, and from LDIF files that were exported from them.
package ldapsource
