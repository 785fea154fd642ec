package expression

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// references are the functions of Microsoft's three references.
const references = `
Append AppRoleAssignmentsComplex BitAnd CBool CDate Coalesce ConvertToBase64 ConvertToUTF8Hex Count CStr DateAdd DateDiff
DateFromNum DefaultDomain FormatDateTime Guid IgnoreFlowIfNullOrEmpty IIF InStr IsNull IsNullOrEmpty IsPresent IsString Item
Join Left Len Mid NormalizeDiacritics Not Now NumFromDate PCase RandomString Redact RemoveDuplicates Replace
SelectUniqueValue SingleAppRoleAssignment Split StripSpaces Switch ToLower ToUpper Word
ConvertFromBase64 DNComponent Error StringFromSid Trim
CertExtensionOids CertFormat CertFriendlyName CertHashString CertIssuer CertIssuerDN CertIssuerOid CertKeyAlgorithm
CertKeyAlgorithmParams CertNameInfo CertNotAfter CertNotBefore CertPublicKeyOid CertPublicKeyParametersOid CertSerialNumber
CertSignatureAlgorithmOid CertSubject CertSubjectNameDN CertSubjectNameOid CertThumbprint CertVersion IsCert CGuid
ConvertFromUTF8Hex CNum CRef StringFromGuid DNComponentRev EscapeDNComponent IsBitSet IsDate IsEmpty IsGuid IsNumeric BitOr
RandomNum Contains ItemOrNull Select Where With InStrRev LCase LTrim PadLeft PadRight ReplaceChars Right RTrim UCase
ImportedValue`

func TestFunctions(t *testing.T) {
	want := strings.Fields(references)
	var got []string
	for _, f := range functions() {
		got = append(got, f.name)
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("%s is missing", name)
		}
	}
	var refused []string
	for _, f := range functions() {
		if f.refused != "" {
			refused = append(refused, f.name)
		}
	}
	slices.Sort(refused)
	if diff := cmp.Diff([]string{"ImportedValue", "SelectUniqueValue"}, refused); diff != "" {
		t.Errorf("refused (-want +got)\n%s", diff)
	}
	if all := Signatures(); !slices.Contains(all, "Left(source, numChars)") || !slices.Contains(all, "Coalesce(source, …)") {
		t.Errorf("signatures are %q", all)
	}
}
