package zzprobe
import ("testing";"fmt";"github.com/go-ldap/ldap/v3";"github.com/ilumy/usersync/internal/lab")
func TestProbe(t *testing.T){
 d:=lab.Samba(t,&lab.SambaOptions{Contents:lab.Contents{People:200}})
 for _,who:=range []string{d.BindDN,d.ReplicatorDN,d.AdminDN}{
  pw:=d.Password; if who==d.AdminDN {pw=d.AdminPassword}
  c:=d.Admin(t); if err:=c.Bind(who,pw);err!=nil{t.Fatal(err)}
  fmt.Println("==",who)
  for _,base:=range []string{"CN=Deleted Objects,"+d.Base,"<WKGUID=18E2EA80684F11D2B9AA00C04F79F805,"+d.Base+">"}{
   r,err:=c.Search(ldap.NewSearchRequest(base,0,0,0,0,false,"(objectClass=*)",[]string{"objectGUID","isDeleted"},[]ldap.Control{ldap.NewControlMicrosoftShowDeleted()}))
   n:=-1; if r!=nil{n=len(r.Entries)}
   fmt.Println("deleted base",base,n,err)
  }
  for _,f:=range []int64{0,1,0x80000000,0x80000001}{
   for _,flt:=range []string{"(objectClass=*)","(!(objectClass=*))","(cn=no such thing 7)"}{
   r,err:=c.Search(ldap.NewSearchRequest(d.Base,2,0,0,0,false,flt,[]string{"objectGUID"},[]ldap.Control{ldap.NewRequestControlDirSync(f,0,nil)}))
   n:=-1; if r!=nil{n=len(r.Entries)}
   fmt.Printf("dirsync %x %s %d %v\n",f,flt,n,err)
   if r!=nil { for _,x:=range r.Controls { if ds,ok:=x.(*ldap.ControlDirSync);ok{ fmt.Printf("   cookie %d flags %d %x\n",len(ds.Cookie),ds.Flags,ds.Cookie)}}}
  }}
  r,err:=c.Search(ldap.NewSearchRequest("",0,0,0,0,false,"(objectClass=*)",[]string{"dsServiceName","highestCommittedUSN","currentTime","supportedControl","supportedCapabilities","forestFunctionality"},nil))
  if err!=nil{t.Fatal(err)}
  if who==d.BindDN { r.PrettyPrint(1) }
  r,err=c.Search(ldap.NewSearchRequest(r.Entries[0].GetAttributeValue("dsServiceName"),0,0,0,0,false,"(objectClass=*)",[]string{"invocationId"},nil))
  fmt.Println(r!=nil&&len(r.Entries)>0&&len(r.Entries[0].GetRawAttributeValue("invocationId"))==16,err)
  r,err=c.Search(ldap.NewSearchRequest("CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,"+d.Base,0,0,0,0,false,"(objectClass=*)",[]string{"tombstoneLifetime","msDS-deletedObjectLifetime"},nil))
  if err==nil {r.PrettyPrint(1)} else {fmt.Println(err)}
  r,err=c.Search(ldap.NewSearchRequest(d.Base,2,0,3,0,false,"(uSNChanged>=3000)",[]string{"uSNChanged","replPropertyMetaData","isDeleted","msDS-ReplAttributeMetaData","hasSubordinates","structuralObjectClass"},[]ldap.Control{ldap.NewControlMicrosoftShowDeleted(),ldap.NewControlString("1.2.840.113556.1.4.2064",true,"")}))
  if r!=nil && len(r.Entries)>0 {fmt.Println(len(r.Entries)); for _,a:=range r.Entries[0].Attributes{fmt.Println(a.Name,len(a.ByteValues[0]))}}
 }
}
