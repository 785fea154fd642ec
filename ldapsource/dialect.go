package ldapsource

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ilumy/usersync/ldapsource/internal/filter"
	"github.com/ilumy/usersync/provisioning"
)

// A Syntax says how the values of an attribute become text.
type Syntax string

// The syntaxes. What is not listed in a dialect is Text.
const (
	// Text is UTF-8, given as it is.
	Text Syntax = "text"
	// Binary is given in base64, and only when asked for by name.
	Binary Syntax = "binary"
	// GUID is 16 bytes as Active Directory stores them, given as lower-case 8-4-4-4-12 digits.
	GUID Syntax = "guid"
	// UUID is text of 32 hexadecimal digits, however divided, given as GUID is.
	UUID Syntax = "uuid"
	// SID is a security identifier, given as S-1-5-21-…
	SID Syntax = "sid"
	// FileTime counts 100 ns since 1601 (accountExpires, pwdLastSet), given as RFC 3339; the sentinels 0 and
	// 0x7FFFFFFFFFFFFFFF, which mean never, give no value.
	FileTime Syntax = "filetime"
	// Time is a generalized time, given as RFC 3339.
	Time Syntax = "time"
)

// A Reference is an attribute whose values are distinguished names of other entries, or lead to them by By.
type Reference struct {
	// Attribute is what the directory calls it: "member".
	Attribute string
	// By, when not empty, is the attribute of the other entries that has the same value: "uid" for memberUid of
	// posixGroup (RFC 2307). A value that two records have leads to neither.
	By string
	// Name is what it is called in Record.Refs: "members".
	Name string
	// Of are the kinds whose records have it.
	Of []provisioning.Kind
	// To are the kinds of the records that it may lead to.
	To []provisioning.Kind
	// Long says that it may have many values, so that they are given as references only, and not as text in
	// Record.Attributes too.
	Long bool
}

// A Dialect says how one brand of directory writes people and groups. It is data: copy one, change it, and give it in
// [Options]. Attribute names match whatever their case.
type Dialect struct {
	// Name is for messages.
	Name string
	// ID is the attribute with the identifier that an entry keeps for ever. Its syntax must be in Syntaxes when it
	// is not text.
	ID string
	// Version is an attribute that changes with every write. Optional.
	Version string
	// Modified is the attribute with the time of the last write. Optional.
	Modified string
	// Kinds gives, for each kind, the filter (RFC 4515) that its entries match. An entry that matches
	// several is of the first of User, Group and then the others by name.
	Kinds map[provisioning.Kind]string
	// Disabled is a filter that the entries of disabled accounts match. Optional.
	Disabled string
	// ValidUntil is the attribute with the moment an account expires; its syntax is FileTime or Time.
	ValidUntil string
	// References are the attributes that lead to other entries.
	References []Reference
	// Syntaxes are those of attributes that are not text.
	Syntaxes map[string]Syntax
	// Omitted are attributes that are left out unless asked for by name: large ones, secrets.
	Omitted []string
	// Computed are attributes that the server works out from other entries, from other attributes or from the clock, so that
	// their values change without a change of the entry. They are left out unless asked for by name, and then
	// everything is read each time.
	Computed []string
}

var (
	people = []provisioning.Kind{provisioning.User}
	groups = []provisioning.Kind{provisioning.Group}
	both   = []provisioning.Kind{provisioning.User, provisioning.Group}
)

// ActiveDirectory is the dialect of Active Directory and of Samba. Computers and managed service accounts are no users.
func ActiveDirectory() *Dialect {
	return &Dialect{
		Name:     "Active Directory",
		ID:       "objectGUID",
		Version:  "uSNChanged",
		Modified: "whenChanged",
		Kinds: map[provisioning.Kind]string{
			provisioning.User:  "(&(objectClass=user)(!(objectClass=computer)))",
			provisioning.Group: "(objectClass=group)",
		},
		Disabled:   "(userAccountControl:1.2.840.113556.1.4.803:=2)",
		ValidUntil: "accountExpires",
		References: []Reference{
			{Attribute: "member", Name: "members", Of: groups, To: both, Long: true},
			{Attribute: "manager", Name: "manager", Of: people, To: people},
			{Attribute: "memberOf", Name: "memberOf", Of: both, To: groups},
		},
		Syntaxes: map[string]Syntax{
			"objectGUID": GUID, "objectSid": SID, "sIDHistory": SID, "tokenGroups": SID, "mS-DS-CreatorSID": SID,
			"mS-DS-ConsistencyGuid": Binary, "msExchMailboxGuid": GUID, "msExchArchiveGUID": GUID,
			"thumbnailPhoto": Binary, "jpegPhoto": Binary, "photo": Binary, "thumbnailLogo": Binary,
			"userCertificate": Binary, "userSMIMECertificate": Binary, "cACertificate": Binary, "logonHours": Binary,
			"nTSecurityDescriptor": Binary, "msExchMailboxSecurityDescriptor": Binary, "userParameters": Binary,
			"msDS-KeyCredentialLink": Binary, "dSASignature": Binary, "replPropertyMetaData": Binary, "audio": Binary,
			"terminalServer": Binary, "unicodePwd": Binary,
		},
		Omitted: []string{"nTSecurityDescriptor", "dSCorePropagationData", "msDS-ReplAttributeMetaData",
			"msDS-ReplValueMetaData", "unicodePwd", "userPassword", "msDS-KeyCredentialLink"},
		// MS-ADTS section 3.1.1.4.5, and the back links that a person or a group may have.
		Computed: []string{"memberOf", "directReports", "managedObjects", "tokenGroups", "tokenGroupsGlobalAndUniversal",
			"tokenGroupsNoGCAcceptable", "msDS-MemberTransitive", "msDS-MemberOfTransitive", "msDS-TokenGroupNames",
			"msDS-User-Account-Control-Computed", "msDS-UserPasswordExpiryTimeComputed", "msDS-UserPasswordExpired",
			"ms-DS-UserAccountAutoLocked", "msDS-ResultantPSO", "msDS-IsUserCachableAtRodc"},
	}
}

// LightweightDirectory is the dialect of Active Directory Lightweight Directory Services (AD LDS).
func LightweightDirectory() *Dialect {
	d := ActiveDirectory()
	d.Name = "AD LDS"
	d.Disabled = "(msDS-UserAccountDisabled=TRUE)"
	return d
}

// OpenLDAP is the dialect of OpenLDAP, and of most directories that keep to the RFCs.
func OpenLDAP() *Dialect {
	return &Dialect{
		Name:     "OpenLDAP",
		ID:       "entryUUID",
		Version:  "entryCSN",
		Modified: "modifyTimestamp",
		Kinds: map[provisioning.Kind]string{
			provisioning.User:  "(objectClass=inetOrgPerson)",
			provisioning.Group: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))",
		},
		Disabled: "(pwdAccountLockedTime=000001010000Z)",
		References: []Reference{
			{Attribute: "member", Name: "members", Of: groups, To: both, Long: true},
			{Attribute: "uniqueMember", Name: "members", Of: groups, To: both, Long: true},
			{Attribute: "manager", Name: "manager", Of: people, To: people},
			{Attribute: "memberOf", Name: "memberOf", Of: both, To: groups},
		},
		Syntaxes: map[string]Syntax{
			"entryUUID": UUID, "jpegPhoto": Binary, "photo": Binary, "audio": Binary, "userCertificate": Binary,
			"userSMIMECertificate": Binary, "userPKCS12": Binary, "cACertificate": Binary, "userPassword": Binary,
		},
		Omitted:  []string{"userPassword", "pwdHistory"},
		Computed: []string{"memberOf"},
	}
}

// RFC2307 is the dialect of directories whose groups are those of Unix: posixGroup, with the login names of its members
// in memberUid. That a person's own group is in gidNumber alone is no membership. Beside such groups it reads those of
// [OpenLDAP].
func RFC2307() *Dialect {
	d := OpenLDAP()
	d.Name = "RFC 2307"
	d.Kinds[provisioning.User] = "(|(objectClass=inetOrgPerson)(objectClass=posixAccount))"
	d.Kinds[provisioning.Group] = "(|(objectClass=posixGroup)(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))"
	d.References = append(d.References, Reference{Attribute: "memberUid", By: "uid", Name: "members", Of: groups, To: people, Long: true})
	return d
}

// DirectoryServer389 is the dialect of 389 Directory Server and of Red Hat Directory Server.
func DirectoryServer389() *Dialect {
	d := OpenLDAP()
	d.Name = "389 Directory Server"
	d.ID = "nsUniqueId"
	d.Version = ""
	d.Disabled = "(nsAccountLock=true)"
	d.Syntaxes["nsUniqueId"] = UUID
	return d
}

// rules is a dialect after it was checked, in the form that reading needs.
type rules struct {
	*Dialect
	order    []provisioning.Kind
	kinds    []*filter.Filter
	disabled *filter.Filter
	syntaxes map[string]Syntax // by lower-case name
	omitted  map[string]bool
	computed map[string]bool
	by       []string // the attributes by which references find records
}

// check compiles a dialect with the filters that the options put in the place of its own.
func (d *Dialect) check(filters map[provisioning.Kind]string) (*rules, error) {
	if d.ID == "" {
		return nil, fmt.Errorf("ldapsource: dialect %q names no ID attribute", d.Name)
	}
	r := &rules{Dialect: d, syntaxes: map[string]Syntax{}, omitted: map[string]bool{}, computed: map[string]bool{"memberof": true}}
	texts := maps.Clone(d.Kinds)
	if texts == nil {
		texts = map[provisioning.Kind]string{}
	}
	maps.Copy(texts, filters)
	r.order = slices.SortedFunc(maps.Keys(texts), compareKinds)
	for _, kind := range r.order {
		f, err := filter.Compile(texts[kind])
		if err != nil {
			return nil, fmt.Errorf("ldapsource: filter for %s: %w", kind, err)
		}
		r.kinds = append(r.kinds, f)
	}
	if d.Disabled != "" {
		f, err := filter.Compile(d.Disabled)
		if err != nil {
			return nil, fmt.Errorf("ldapsource: dialect %q, disabled test: %w", d.Name, err)
		}
		r.disabled = f
	}
	for name, syntax := range d.Syntaxes {
		if !slices.Contains([]Syntax{Text, Binary, GUID, UUID, SID, FileTime, Time}, syntax) {
			return nil, fmt.Errorf("ldapsource: dialect %q: attribute %s has the unknown syntax %q", d.Name, name, syntax)
		}
		r.syntaxes[strings.ToLower(name)] = syntax
	}
	for _, ref := range d.References {
		if ref.By != "" && !slices.ContainsFunc(r.by, func(have string) bool { return strings.EqualFold(have, ref.By) }) {
			r.by = append(r.by, ref.By)
		}
	}
	for _, name := range d.Omitted {
		r.omitted[strings.ToLower(name)] = true
	}
	for _, name := range d.Computed {
		r.computed[strings.ToLower(name)] = true
	}
	return r, nil
}

// kindNumber gives the place of a kind in the order, or -1.
func (r *rules) kindNumber(kind provisioning.Kind) int { return slices.Index(r.order, kind) }

// numbers gives the places of all kinds.
func (r *rules) numbers() []int {
	list := make([]int, len(r.order))
	for i := range list {
		list[i] = i
	}
	return list
}

// reference gives the reference that the directory calls so, or that is called so in Refs.
func (r *rules) reference(name string) *Reference {
	for i := range r.References {
		if ref := &r.References[i]; strings.EqualFold(ref.Attribute, name) || strings.EqualFold(ref.Name, name) {
			return ref
		}
	}
	return nil
}

// leads reports whether an attribute is a reference.
func (r *rules) leads(name string) bool { return r.reference(name) != nil }

// compareKinds puts User and Group first.
func compareKinds(a, b provisioning.Kind) int {
	rank := func(k provisioning.Kind) int {
		switch k {
		case provisioning.User:
			return 0
		case provisioning.Group:
			return 1
		}
		return 2
	}
	if d := rank(a) - rank(b); d != 0 {
		return d
	}
	return strings.Compare(string(a), string(b))
}
