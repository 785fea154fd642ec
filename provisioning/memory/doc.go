// Package memory is a [provisioning.Source] and [provisioning.Sink] in memory: the reference for
// those who write connectors, a fixture for tests, and the smallest complete example.
//
// A [Store] has every optional capability. [Store.Bare] hides all of them, so that the ways that work
// without can be tested too.
package memory
