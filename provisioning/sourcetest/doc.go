// Package sourcetest is the conformance test for a [provisioning.Source]. A connector's test is one
// call of [Test] with a [Fixture]. Every failure explains the rule that was broken.
package sourcetest
