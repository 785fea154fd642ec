package scim1

import "github.com/ilumy/usersync/scim"

// config1 makes the configuration of SCIM 1.1 of that of 2.0, so that it is as true as that one.
func config1(o *scim.Object) *scim.Object {
	out := scim.NewObject(scim.Member{Name: "schemas", Value: []string{CoreSchema}})
	if v := o.Get("documentationUri"); v != nil {
		out.Set("documentationUrl", v)
	}
	for _, name := range []string{"patch", "bulk", "filter", "changePassword", "sort", "etag"} {
		out.Set(name, o.Get(name))
	}
	out.Set("xmlDataFormat", scim.NewObject(scim.Member{Name: "supported", Value: false}))
	out.Set("authenticationSchemes", schemes1(o.Get("authenticationSchemes")))
	return out
}

// schemes1 gives ways to authenticate the names of 1.1.
func schemes1(v any) any {
	list, _ := v.([]any)
	for i, v := range list {
		o, _ := v.(*scim.Object)
		out := scim.NewObject()
		for name, v := range o.All() {
			switch name {
			case "specUri":
				name = "specUrl"
			case "documentationUri":
				name = "documentationUrl"
			}
			out.Set(name, v)
		}
		list[i] = out
	}
	return v
}
