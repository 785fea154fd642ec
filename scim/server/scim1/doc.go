package scim1
