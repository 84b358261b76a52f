/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations that must be refused: one row is the text, with ' for ", and a
 * piece that the message must hold. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/oci.h"
#include "test.h"

struct bad {
	const char *text, *want;
};

#define SPEC(x)      "{'ociVersion':'1.3.0','root':{'path':'r'}" x "}"
#define PROC(x)      SPEC(",'process':{'cwd':'/'" x "}")
#define CAPS(x)      PROC(",'capabilities':{" x "}")
#define SCHED(x)     PROC(",'scheduler':{" x "}")
#define MOUNT(x)     SPEC(",'mounts':[{" x "}]")
#define HOOK(x)      SPEC(",'hooks':{'poststop':[{" x "}]}")
#define LINUX(x)     SPEC(",'linux':{" x "}")
#define NS(x)        LINUX("'namespaces':[" x "]")
#define USER(x)      LINUX("'namespaces':[{'type':'user'}],'uidMappings':[" x "]")
#define DEVICE(x)    LINUX("'devices':[{" x "}]")
#define RES(x)       LINUX("'resources':{" x "}")
#define RULE(x)      RES("'devices':[{" x "}]")
#define BLKIO(x)     RES("'blockIO':{" x "}")
#define SECCOMP(x)   LINUX("'seccomp':{" x "}")
#define SYSCALL(x)   SECCOMP("'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{" x "}]")
#define ARG(x)       SYSCALL("'names':['a'],'action':'SCMP_ACT_LOG','args':[{" x "}]")
#define MAP(c, h, s) "{'containerID':" #c ",'hostID':" #h ",'size':" #s "}"

#define ABS          "is not an absolute path"
#define U32MAX       "expected an integer from 0 to 4294967295"
#define MISSING(key) "the member \"" key "\" is missing"

/* clang-format off */
static const struct bad rows[] = {
	/* the whole */
	{ "[]", "c:1:1: expected an object, found an array" },
	{ "null", "c:1:1: expected an object, found null" },
	{ "'x'", "c:1:1: expected an object, found a string" },
	{ "{}", "c:1:1: the member \"ociVersion\" is missing" },
	{ "{\n\n 'ociVersion': 7}", "c:3:16: /ociVersion: expected a string, found a number" },
	{ "{'ociVersion':'1.0.0'}", "c:1:1: the member \"root\" is missing" },
	{ "{'ociVersion':null,'root':{'path':'r'}}", MISSING("ociVersion") },
	{ "{'ociVersion':'','root':{'path':'r'}}", "/ociVersion: must not be empty" },
	{ "{'ociVersion':'2.0.0','root':{'path':'r'}}", "only 1.x is" },
	{ "{'ociVersion':'0.9.0','root':{'path':'r'}}", "only 1.x is" },
	{ "{'ociVersion':'11.0.0','root':{'path':'r'}}", "only 1.x is" },
	{ "{'ociVersion':'1','root':{'path':'r'}}", "semantic version" },
	{ "{'ociVersion':'1.0','root':{'path':'r'}}", "semantic version" },
	{ "{'ociVersion':'1.0.','root':{'path':'r'}}", "semantic version" },
	{ "{'ociVersion':'1.00.0','root':{'path':'r'}}", "semantic version" },
	{ "{'ociVersion':'01.0.0','root':{'path':'r'}}", "semantic version" },
	{ "{'ociVersion':'1.0.0.0','root':{'path':'r'}}", "semantic version" },
	{ "{'ociVersion':'1.0.0-','root':{'path':'r'}}", "semantic version" },
	{ "{'ociVersion':'1.0.0 ','root':{'path':'r'}}", "semantic version" },
	{ "{'ociVersion':'v1.0.0','root':{'path':'r'}}", "semantic version" },
	{ "{'ociVersion':'1.0.0-a b','root':{'path':'r'}}", "semantic version" },
	{ "{'ociVersion':'1.0.0','root':5}", "/root: expected an object, found a number" },
	{ "{'ociVersion':'1.0.0','root':{}}", "c:1:30: /root: the member \"path\" is missing" },
	{ "{'ociVersion':'1.0.0','root':{'path':''}}", "/root/path: must not be empty" },
	{ "{'ociVersion':'1.0.0','root':{'path':'a\\u0000b'}}", "/root/path: a NUL character" },
	{ "{'ociVersion':'1.0.0','root':{'path':'r','readonly':'yes'}}", "/root/readonly: expected true or false, found a string" },
	{ "{'ociVersion':'1.0.0','root':{'path':'r','readonly':1}}", "/root/readonly: expected true or false, found a number" },
	{ "{'ociVersion':'1.0.0','root':{'path':'r'},'root':{'path':'s'}}", "/root: duplicate key" },
	{ SPEC(",'annotations':{'':'x'}"), "the key must not be empty" },
	{ SPEC(",'annotations':{'a':1}"), "/annotations/a: expected a string, found a number" },
	{ SPEC(",'annotations':{'a':null}"), "/annotations/a: expected a string, found null" },
	{ SPEC(",'annotations':['a']"), "/annotations: expected an object, found an array" },
	{ SPEC(",'hostname':'h'"), "/hostname: unable to set hostname without a private UTS namespace" },
	{ SPEC(",'domainname':'d'"), "/domainname: unable to set domainname without a private UTS" },
	{ SPEC(",'hostname':['h']"), "/hostname: expected a string, found an array" },

	/* process */
	{ SPEC(",'process':[]"), "/process: expected an object, found an array" },
	{ SPEC(",'process':{}"), "/process: " MISSING("cwd") },
	{ SPEC(",'process':{'cwd':''}"), "/process/cwd: must not be empty" },
	{ SPEC(",'process':{'cwd':'tmp'}"), "/process/cwd: \"tmp\" " ABS },
	{ PROC(",'terminal':'true'"), "/process/terminal: expected true or false" },
	{ PROC(",'consoleSize':[24,80]"), "/process/consoleSize: expected an object" },
	{ PROC(",'consoleSize':{'height':-1,'width':80}"), "/process/consoleSize/height: " U32MAX ", found -1" },
	{ PROC(",'consoleSize':{'height':1,'width':4294967296}"), "/process/consoleSize/width: " U32MAX },
	{ PROC(",'user':'root'"), "/process/user: expected an object, found a string" },
	{ PROC(",'user':{'uid':'0'}"), "/process/user/uid: expected a number, found a string" },
	{ PROC(",'user':{'uid':-1}"), "/process/user/uid: " U32MAX ", found -1" },
	{ PROC(",'user':{'uid':1.0}"), "/process/user/uid: " U32MAX ", found 1.0" },
	{ PROC(",'user':{'uid':1e3}"), "/process/user/uid: " U32MAX ", found 1e3" },
	{ PROC(",'user':{'uid':4294967296}"), "/process/user/uid: " U32MAX },
	{ PROC(",'user':{'uid':99999999999999999999999}"), "/process/user/uid: " U32MAX },
	{ PROC(",'user':{'gid':true}"), "/process/user/gid: expected a number, found true or false" },
	{ PROC(",'user':{'umask':512}"), "/process/user/umask: expected an integer from 0 to 511" },
	{ PROC(",'user':{'umask':-1}"), "/process/user/umask: expected an integer from 0 to 511" },
	{ PROC(",'user':{'additionalGids':5}"), "/process/user/additionalGids: expected an array" },
	{ PROC(",'user':{'additionalGids':[1,'2']}"), "/process/user/additionalGids/1: expected a number" },
	{ PROC(",'user':{'additionalGids':[1,-2]}"), "/process/user/additionalGids/1: " U32MAX },
	{ PROC(",'user':{'additionalGids':[null]}"), "/process/user/additionalGids/0: expected a number, found null" },
	{ PROC(",'args':'sh'"), "/process/args: expected an array, found a string" },
	{ PROC(",'args':['sh',1]"), "/process/args/1: expected a string, found a number" },
	{ PROC(",'args':[null]"), "/process/args/0: expected a string, found null" },
	{ PROC(",'args':['a\\u0000']"), "/process/args/0: a NUL character" },
	{ PROC(",'env':{'A':'B'}"), "/process/env: expected an array, found an object" },
	{ PROC(",'env':['A=1','B']"), "/process/env/1: \"B\": not NAME=VALUE" },
	{ PROC(",'env':['=B']"), "/process/env/0: \"=B\": the name is empty" },
	{ PROC(",'env':['']"), "/process/env/0: \"\": not NAME=VALUE" },
	{ PROC(",'env':[1]"), "/process/env/0: expected a string" },
	{ PROC(",'capabilities':['CAP_CHOWN']"), "/process/capabilities: expected an object" },
	{ CAPS("'bounding':'CAP_CHOWN'"), "/process/capabilities/bounding: expected an array" },
	{ CAPS("'effective':[1]"), "/process/capabilities/effective/0: expected a string" },
	{ CAPS("'inheritable':{}"), "/process/capabilities/inheritable: expected an array" },
	{ CAPS("'permitted':[null]"), "/process/capabilities/permitted/0: expected a string" },
	{ CAPS("'ambient':[[]]"), "/process/capabilities/ambient/0: expected a string" },
	{ PROC(",'rlimits':{}"), "/process/rlimits: expected an array" },
	{ PROC(",'rlimits':[1]"), "/process/rlimits/0: expected an object" },
	{ PROC(",'rlimits':[{'type':'RLIMIT_NOFILE','soft':1}]"), "/process/rlimits/0: " MISSING("hard") },
	{ PROC(",'rlimits':[{'type':'RLIMIT_NOFILE','hard':1}]"), "/process/rlimits/0: " MISSING("soft") },
	{ PROC(",'rlimits':[{'hard':1,'soft':1}]"), "/process/rlimits/0: " MISSING("type") },
	{ PROC(",'rlimits':[{'type':'nofile','hard':1,'soft':1}]"), "/process/rlimits/0/type: unknown resource limit \"nofile\"" },
	{ PROC(",'rlimits':[{'type':7,'hard':1,'soft':1}]"), "/process/rlimits/0/type: expected a string" },
	{ PROC(",'rlimits':[{'type':'RLIMIT_CPU','hard':-1,'soft':1}]"), "/process/rlimits/0/hard: expected an integer from 0 to 18446744073709551615" },
	{ PROC(",'rlimits':[{'type':'RLIMIT_CPU','hard':18446744073709551616,'soft':1}]"), "/process/rlimits/0/hard: expected an integer" },
	{ PROC(",'rlimits':[{'type':'RLIMIT_CPU','hard':1,'soft':'1'}]"), "/process/rlimits/0/soft: expected a number" },
	{ PROC(",'rlimits':[{'type':'RLIMIT_CPU','hard':1,'soft':2}]"), "/process/rlimits/0: the soft limit of RLIMIT_CPU is above the hard one" },
	{ PROC(",'rlimits':[{'type':'RLIMIT_CPU','hard':1,'soft':1},{'type':'RLIMIT_CPU','hard':2,'soft':2}]"), "/process/rlimits/1: RLIMIT_CPU is limited twice" },
	{ PROC(",'noNewPrivileges':'1'"), "/process/noNewPrivileges: expected true or false" },
	{ PROC(",'apparmorProfile':{}"), "/process/apparmorProfile: expected a string" },
	{ PROC(",'selinuxLabel':1"), "/process/selinuxLabel: expected a string" },
	{ PROC(",'oomScoreAdj':-1001"), "/process/oomScoreAdj: expected an integer from -1000 to 1000, found -1001" },
	{ PROC(",'oomScoreAdj':1001"), "/process/oomScoreAdj: expected an integer from -1000 to 1000" },
	{ PROC(",'oomScoreAdj':0.5"), "/process/oomScoreAdj: expected an integer from -1000 to 1000, found 0.5" },
	{ PROC(",'scheduler':'SCHED_IDLE'"), "/process/scheduler: expected an object" },
	{ SCHED(""), "/process/scheduler: " MISSING("policy") },
	{ SCHED("'policy':'SCHED_NORMAL'"), "/process/scheduler/policy: unknown value \"SCHED_NORMAL\"; known: SCHED_OTHER, SCHED_FIFO" },
	{ SCHED("'policy':'SCHED_OTHER','nice':20"), "/process/scheduler/nice: expected an integer from -20 to 19" },
	{ SCHED("'policy':'SCHED_OTHER','nice':-21"), "/process/scheduler/nice: expected an integer from -20 to 19" },
	{ SCHED("'policy':'SCHED_OTHER','priority':1"), "/process/scheduler: a priority is for SCHED_FIFO and SCHED_RR only" },
	{ SCHED("'policy':'SCHED_FIFO','priority':100"), "/process/scheduler/priority: expected an integer from 0 to 99" },
	{ SCHED("'policy':'SCHED_FIFO','flags':'x'"), "/process/scheduler/flags: expected an array" },
	{ SCHED("'policy':'SCHED_FIFO','flags':['SCHED_FLAG_X']"), "/process/scheduler/flags/0: unknown value \"SCHED_FLAG_X\"" },
	{ SCHED("'policy':'SCHED_FIFO','runtime':1"), "runtime, deadline and period are for SCHED_DEADLINE only" },
	{ SCHED("'policy':'SCHED_IDLE','deadline':1"), "runtime, deadline and period are for SCHED_DEADLINE only" },
	{ SCHED("'policy':'SCHED_DEADLINE','period':-1"), "/process/scheduler/period: expected an integer" },
	{ PROC(",'ioPriority':{'priority':1}"), "/process/ioPriority: " MISSING("class") },
	{ PROC(",'ioPriority':{'class':'IOPRIO_CLASS_NONE'}"), "/process/ioPriority/class: unknown value" },
	{ PROC(",'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':8}"), "/process/ioPriority/priority: expected an integer from 0 to 7" },
	{ PROC(",'ioPriority':[]"), "/process/ioPriority: expected an object" },
	{ PROC(",'execCPUAffinity':'0'"), "/process/execCPUAffinity: expected an object" },
	{ PROC(",'execCPUAffinity':{'initial':'0-'}"), "/process/execCPUAffinity/initial: \"0-\": not a list of CPUs" },
	{ PROC(",'execCPUAffinity':{'initial':'3-1'}"), "a range of CPUs is upside down or too high" },
	{ PROC(",'execCPUAffinity':{'final':'1,'}"), "/process/execCPUAffinity/final: \"1,\": not a list of CPUs" },
	{ PROC(",'execCPUAffinity':{'final':',1'}"), "not a list of CPUs" },
	{ PROC(",'execCPUAffinity':{'final':'1,,2'}"), "not a list of CPUs" },
	{ PROC(",'execCPUAffinity':{'final':'65536'}"), "too high" },
	{ PROC(",'execCPUAffinity':{'final':'a'}"), "not a list of CPUs" },
	{ PROC(",'execCPUAffinity':{'final':3}"), "/process/execCPUAffinity/final: expected a string" },

	/* mounts */
	{ SPEC(",'mounts':{}"), "/mounts: expected an array" },
	{ SPEC(",'mounts':['/proc']"), "/mounts/0: expected an object" },
	{ SPEC(",'mounts':[{'destination':'/a'},{'source':'x'}]"), "/mounts/1: " MISSING("destination") },
	{ MOUNT("'destination':''"), "/mounts/0/destination: must not be empty" },
	{ MOUNT("'destination':7"), "/mounts/0/destination: expected a string" },
	{ MOUNT("'destination':'/a','type':7"), "/mounts/0/type: expected a string" },
	{ MOUNT("'destination':'/a','source':false"), "/mounts/0/source: expected a string" },
	{ MOUNT("'destination':'/a','options':'ro'"), "/mounts/0/options: expected an array" },
	{ MOUNT("'destination':'/a','options':['ro',null]"), "/mounts/0/options/1: expected a string" },
	{ MOUNT("'destination':'/a','uidMappings':[" MAP(0, 1, 1) "]"), "/mounts/0: uidMappings and gidMappings go together" },
	{ MOUNT("'destination':'/a','gidMappings':[" MAP(0, 1, 1) "]"), "/mounts/0: uidMappings and gidMappings go together" },
	{ MOUNT("'destination':'/a','uidMappings':[" MAP(0, 1, 1) "],'gidMappings':[" MAP(0, 1, 0) "]"), "/mounts/0/gidMappings/0: a mapping of size 0" },
	{ MOUNT("'destination':'/a','uidMappings':{},'gidMappings':[]"), "/mounts/0/uidMappings: expected an array" },

	/* hooks */
	{ SPEC(",'hooks':[]"), "/hooks: expected an object" },
	{ SPEC(",'hooks':{'prestart':{}}"), "/hooks/prestart: expected an array" },
	{ SPEC(",'hooks':{'createRuntime':['/x']}"), "/hooks/createRuntime/0: expected an object" },
	{ SPEC(",'hooks':{'createContainer':[{}]}"), "/hooks/createContainer/0: " MISSING("path") },
	{ SPEC(",'hooks':{'startContainer':[{'path':'x'}]}"), "/hooks/startContainer/0/path: \"x\" " ABS },
	{ SPEC(",'hooks':{'poststart':[{'path':''}]}"), "/hooks/poststart/0/path: must not be empty" },
	{ HOOK("'path':'/x','timeout':0"), "/hooks/poststop/0/timeout: expected an integer from 1 to 2147483647, found 0" },
	{ HOOK("'path':'/x','timeout':-1"), "/hooks/poststop/0/timeout: expected an integer from 1" },
	{ HOOK("'path':'/x','timeout':2147483648"), "/hooks/poststop/0/timeout: expected an integer from 1" },
	{ HOOK("'path':'/x','timeout':'5'"), "/hooks/poststop/0/timeout: expected a number" },
	{ HOOK("'path':'/x','args':'x'"), "/hooks/poststop/0/args: expected an array" },
	{ HOOK("'path':'/x','env':['X']"), "/hooks/poststop/0/env/0: \"X\": not NAME=VALUE" },

	/* linux: namespaces and id maps */
	{ SPEC(",'linux':[]"), "/linux: expected an object" },
	{ LINUX("'namespaces':{}"), "/linux/namespaces: expected an array" },
	{ NS("'pid'"), "/linux/namespaces/0: expected an object" },
	{ NS("{}"), "/linux/namespaces/0: " MISSING("type") },
	{ NS("{'type':'net'}"), "/linux/namespaces/0/type: unknown value \"net\"; known: pid, network, mount, ipc, uts, user, cgroup, time" },
	{ NS("{'type':'PID'}"), "/linux/namespaces/0/type: unknown value \"PID\"" },
	{ NS("{'type':1}"), "/linux/namespaces/0/type: expected a string" },
	{ NS("{'type':'pid'},{'type':'ipc'},{'type':'pid'}"), "/linux/namespaces/2: a second namespace of type \"pid\"" },
	{ NS("{'type':'user'},{'type':'user','path':'/x'}"), "/linux/namespaces/1: a second namespace of type \"user\"" },
	{ NS("{'type':'pid','path':'proc/1/ns/pid'}"), "/linux/namespaces/0/path: \"proc/1/ns/pid\" " ABS },
	{ NS("{'type':'pid','path':1}"), "/linux/namespaces/0/path: expected a string" },
	{ NS("{'type':'user'}"), "/linux/namespaces: user namespaces enabled, but no namespace path to join nor mappings" },
	{ LINUX("'uidMappings':[" MAP(0, 1, 1) "]"), "/linux/uidMappings: user namespace mappings specified, but user namespace isn't enabled" },
	{ LINUX("'gidMappings':[" MAP(0, 1, 1) "]"), "/linux/gidMappings: user namespace mappings specified" },
	{ USER("{'containerID':0,'hostID':0}"), "/linux/uidMappings/0: " MISSING("size") },
	{ USER("{'containerID':0,'size':1}"), "/linux/uidMappings/0: " MISSING("hostID") },
	{ USER("{'hostID':0,'size':1}"), "/linux/uidMappings/0: " MISSING("containerID") },
	{ USER(MAP(0, 0, 0)), "/linux/uidMappings/0: a mapping of size 0" },
	{ USER(MAP(-1, 0, 1)), "/linux/uidMappings/0/containerID: " U32MAX },
	{ USER(MAP(0, '0', 1)), "/linux/uidMappings/0/hostID: expected a number" },
	{ USER(MAP(0, 0, 4294967296)), "/linux/uidMappings/0/size: " U32MAX },
	{ USER(MAP(1, 0, 4294967295)), "/linux/uidMappings/0: the mapping goes beyond the last id" },
	{ USER(MAP(0, 1, 4294967295)), "/linux/uidMappings/0: the mapping goes beyond the last id" },
	{ USER(MAP(4294967295, 0, 1)), "/linux/uidMappings/0: the mapping goes beyond the last id" },
	{ USER(MAP(0, 1000, 10) "," MAP(9, 5000, 1)), "/linux/uidMappings/1: the mapping overlaps the one at index 0" },
	{ USER(MAP(10, 1000, 10) "," MAP(0, 5000, 11)), "/linux/uidMappings/1: the mapping overlaps the one at index 0" },
	{ USER(MAP(0, 1000, 10) "," MAP(50, 5, 1) "," MAP(20, 1009, 1)), "/linux/uidMappings/2: the mapping overlaps the one at index 0" },
	{ LINUX("'timeOffsets':{'monotonic':{'secs':1}}"), "/linux/timeOffsets: time namespace offsets specified, but time namespace isn't enabled" },
	{ LINUX("'namespaces':[{'type':'time','path':'/x'}],'timeOffsets':{'boottime':{'secs':1}}"), "/linux/timeOffsets: offsets cannot be set in a time namespace that is joined" },
	{ LINUX("'timeOffsets':{'realtime':{'secs':1}}"), "/linux/timeOffsets/realtime: unknown member" },
	{ LINUX("'timeOffsets':{'boottime':{'nanosecs':1000000000}}"), "/linux/timeOffsets/boottime/nanosecs: expected an integer from 0 to 999999999" },
	{ LINUX("'timeOffsets':{'boottime':{'nanosecs':-1}}"), "/linux/timeOffsets/boottime/nanosecs: expected an integer" },
	{ LINUX("'timeOffsets':{'boottime':{'secs':9223372036854775808}}"), "/linux/timeOffsets/boottime/secs: expected an integer" },
	{ LINUX("'timeOffsets':{'boottime':5}"), "/linux/timeOffsets/boottime: expected an object" },
	{ LINUX("'maskedPaths':['/proc/kcore']"), "/linux/maskedPaths: unable to restrict sys entries without a private MNT namespace" },
	{ LINUX("'readonlyPaths':['/proc/kcore']"), "/linux/readonlyPaths: unable to restrict sys entries" },
	{ LINUX("'maskedPaths':['proc']"), "/linux/maskedPaths/0: \"proc\": not an absolute path" },
	{ LINUX("'readonlyPaths':['']"), "/linux/readonlyPaths/0: \"\": not an absolute path" },
	{ LINUX("'readonlyPaths':'/'"), "/linux/readonlyPaths: expected an array" },
	{ LINUX("'sysctl':['a=b']"), "/linux/sysctl: expected an object" },
	{ LINUX("'sysctl':{'kernel.msgmax':1}"), "/linux/sysctl/kernel.msgmax: expected a string, found a number" },
	{ LINUX("'sysctl':{'':'1'}"), "the key must not be empty" },
	{ LINUX("'cgroupsPath':1"), "/linux/cgroupsPath: expected a string" },
	{ LINUX("'mountLabel':1"), "/linux/mountLabel: expected a string" },
	{ LINUX("'rootfsPropagation':'x'"), "/linux/rootfsPropagation: \"x\": unknown propagation" },
	{ LINUX("'rootfsPropagation':'rrslave'"), "unknown propagation" },
	{ LINUX("'rootfsPropagation':true"), "/linux/rootfsPropagation: expected a string" },
	{ LINUX("'personality':{}"), "/linux/personality: " MISSING("domain") },
	{ LINUX("'personality':{'domain':'LINUX64'}"), "/linux/personality/domain: unknown value \"LINUX64\"; known: LINUX, LINUX32" },
	{ LINUX("'personality':'LINUX'"), "/linux/personality: expected an object" },

	/* linux.devices */
	{ DEVICE("'type':'c','major':1,'minor':1"), "/linux/devices/0: " MISSING("path") },
	{ DEVICE("'path':'/dev/x','major':1,'minor':1"), "/linux/devices/0: " MISSING("type") },
	{ DEVICE("'path':'dev/x','type':'c','major':1,'minor':1"), "/linux/devices/0/path: \"dev/x\" " ABS },
	{ DEVICE("'path':'/dev/x','type':'x','major':1,'minor':1"), "/linux/devices/0/type: unknown value \"x\"; known: c, b, u, p" },
	{ DEVICE("'path':'/dev/x','type':'a','major':1,'minor':1"), "/linux/devices/0/type: unknown value" },
	{ DEVICE("'path':'/dev/x','type':'c','minor':1"), "/linux/devices/0: " MISSING("major") },
	{ DEVICE("'path':'/dev/x','type':'b','major':1"), "/linux/devices/0: " MISSING("minor") },
	{ DEVICE("'path':'/dev/x','type':'u'"), "/linux/devices/0: " MISSING("major") },
	{ DEVICE("'path':'/dev/x','type':'c','major':-1,'minor':1"), "/linux/devices/0/major: expected an integer from 0 to 4095" },
	{ DEVICE("'path':'/dev/x','type':'c','major':1,'minor':1048576"), "/linux/devices/0/minor: expected an integer from 0 to 1048575" },
	{ DEVICE("'path':'/dev/x','type':'p','fileMode':'0666'"), "/linux/devices/0/fileMode: expected a number" },
	{ DEVICE("'path':'/dev/x','type':'p','uid':-1"), "/linux/devices/0/uid: " U32MAX },
	{ DEVICE("'path':'/dev/x','type':'p','gid':'a'"), "/linux/devices/0/gid: expected a number" },

	/* linux.resources */
	{ LINUX("'resources':[]"), "/linux/resources: expected an object" },
	{ RES("'devices':{}"), "/linux/resources/devices: expected an array" },
	{ RULE("'allow':'no'"), "/linux/resources/devices/0/allow: expected true or false" },
	{ RULE("'allow':true,'type':'p'"), "/linux/resources/devices/0/type: unknown value \"p\"; known: a, c, b" },
	{ RULE("'allow':true,'type':''"), "/linux/resources/devices/0/type: unknown value \"\"" },
	{ RULE("'allow':true,'major':-2"), "/linux/resources/devices/0/major: expected an integer from -1 to 4294967295" },
	{ RULE("'allow':true,'minor':'*'"), "/linux/resources/devices/0/minor: expected a number" },
	{ RULE("'allow':true,'access':'rx'"), "/linux/resources/devices/0/access: \"rx\": not made of r, w and m" },
	{ RULE("'allow':true,'access':'rwmr'"), "not made of r, w and m" },
	{ RES("'memory':1"), "/linux/resources/memory: expected an object" },
	{ RES("'memory':{'limit':'1g'}"), "/linux/resources/memory/limit: expected a number" },
	{ RES("'memory':{'limit':1e9}"), "/linux/resources/memory/limit: expected an integer from -9223372036854775808 to 9223372036854775807, found 1e9" },
	{ RES("'memory':{'limit':9223372036854775808}"), "/linux/resources/memory/limit: expected an integer" },
	{ RES("'memory':{'reservation':0.1}"), "/linux/resources/memory/reservation: expected an integer" },
	{ RES("'memory':{'swap':true}"), "/linux/resources/memory/swap: expected a number" },
	{ RES("'memory':{'kernel':[]}"), "/linux/resources/memory/kernel: expected a number" },
	{ RES("'memory':{'kernelTCP':{}}"), "/linux/resources/memory/kernelTCP: expected a number" },
	{ RES("'memory':{'swappiness':-1}"), "/linux/resources/memory/swappiness: expected an integer from 0" },
	{ RES("'memory':{'disableOOMKiller':0}"), "/linux/resources/memory/disableOOMKiller: expected true or false" },
	{ RES("'memory':{'useHierarchy':0}"), "/linux/resources/memory/useHierarchy: expected true or false" },
	{ RES("'memory':{'checkBeforeUpdate':0}"), "/linux/resources/memory/checkBeforeUpdate: expected true or false" },
	{ RES("'cpu':[]"), "/linux/resources/cpu: expected an object" },
	{ RES("'cpu':{'shares':-1}"), "/linux/resources/cpu/shares: expected an integer from 0" },
	{ RES("'cpu':{'quota':'max'}"), "/linux/resources/cpu/quota: expected a number" },
	{ RES("'cpu':{'burst':-1}"), "/linux/resources/cpu/burst: expected an integer from 0" },
	{ RES("'cpu':{'period':1.5}"), "/linux/resources/cpu/period: expected an integer" },
	{ RES("'cpu':{'realtimeRuntime':'1'}"), "/linux/resources/cpu/realtimeRuntime: expected a number" },
	{ RES("'cpu':{'realtimePeriod':-1}"), "/linux/resources/cpu/realtimePeriod: expected an integer" },
	{ RES("'cpu':{'cpus':0}"), "/linux/resources/cpu/cpus: expected a string" },
	{ RES("'cpu':{'mems':[0]}"), "/linux/resources/cpu/mems: expected a string" },
	{ RES("'cpu':{'idle':true}"), "/linux/resources/cpu/idle: expected a number" },
	{ RES("'pids':5"), "/linux/resources/pids: expected an object" },
	{ RES("'pids':{'limit':'5'}"), "/linux/resources/pids/limit: expected a number" },
	{ RES("'pids':{'limit':5.0}"), "/linux/resources/pids/limit: expected an integer" },
	{ BLKIO("'weight':65536"), "/linux/resources/blockIO/weight: expected an integer from 0 to 65535, found 65536" },
	{ BLKIO("'leafWeight':-1"), "/linux/resources/blockIO/leafWeight: expected an integer from 0 to 65535" },
	{ BLKIO("'weightDevice':{}"), "/linux/resources/blockIO/weightDevice: expected an array" },
	{ BLKIO("'weightDevice':[{'minor':1}]"), "/linux/resources/blockIO/weightDevice/0: " MISSING("major") },
	{ BLKIO("'weightDevice':[{'major':1,'minor':-1}]"), "/linux/resources/blockIO/weightDevice/0/minor: expected an integer from 0" },
	{ BLKIO("'weightDevice':[{'major':1,'minor':1,'weight':'x'}]"), "/linux/resources/blockIO/weightDevice/0/weight: expected a number" },
	{ BLKIO("'throttleReadBpsDevice':[{'major':8,'minor':0}]"), "/linux/resources/blockIO/throttleReadBpsDevice/0: " MISSING("rate") },
	{ BLKIO("'throttleWriteBpsDevice':[{'major':8,'rate':1}]"), "/linux/resources/blockIO/throttleWriteBpsDevice/0: " MISSING("minor") },
	{ BLKIO("'throttleReadIOPSDevice':[{'major':8,'minor':0,'rate':-1}]"), "/linux/resources/blockIO/throttleReadIOPSDevice/0/rate: expected an integer" },
	{ BLKIO("'throttleWriteIOPSDevice':5"), "/linux/resources/blockIO/throttleWriteIOPSDevice: expected an array" },
	{ RES("'hugepageLimits':[{'limit':1}]"), "/linux/resources/hugepageLimits/0: " MISSING("pageSize") },
	{ RES("'hugepageLimits':[{'pageSize':'2MB'}]"), "/linux/resources/hugepageLimits/0: " MISSING("limit") },
	{ RES("'hugepageLimits':[{'pageSize':'2mb','limit':1}]"), "/linux/resources/hugepageLimits/0/pageSize: \"2mb\": not a page size" },
	{ RES("'hugepageLimits':[{'pageSize':'../x','limit':1}]"), "not a page size" },
	{ RES("'hugepageLimits':[{'pageSize':'02MB','limit':1}]"), "not a page size" },
	{ RES("'hugepageLimits':[{'pageSize':'MB','limit':1}]"), "not a page size" },
	{ RES("'hugepageLimits':[{'pageSize':'2MBx','limit':1}]"), "not a page size" },
	{ RES("'hugepageLimits':[{'pageSize':'2','limit':1}]"), "not a page size" },
	{ RES("'hugepageLimits':[{'pageSize':'2MB','limit':-1}]"), "/linux/resources/hugepageLimits/0/limit: expected an integer" },
	{ RES("'network':{'classID':-1}"), "/linux/resources/network/classID: " U32MAX },
	{ RES("'network':{'priorities':{}}"), "/linux/resources/network/priorities: expected an array" },
	{ RES("'network':{'priorities':[{'priority':1}]}"), "/linux/resources/network/priorities/0: " MISSING("name") },
	{ RES("'network':{'priorities':[{'name':'eth0'}]}"), "/linux/resources/network/priorities/0: " MISSING("priority") },
	{ RES("'network':{'priorities':[{'name':'a b','priority':1}]}"), "blanks and control characters" },
	{ RES("'rdma':[]"), "/linux/resources/rdma: expected an object" },
	{ RES("'rdma':{'a b':{}}"), "not the name of a device" },
	{ RES("'rdma':{'a\\nb':{}}"), "not the name of a device" },
	{ RES("'rdma':{'':{}}"), "not the name of a device" },
	{ RES("'rdma':{'mlx':{'hcaHandles':-1}}"), "/linux/resources/rdma/mlx/hcaHandles: " U32MAX },
	{ RES("'rdma':{'mlx':{'hcaObjects':'1'}}"), "/linux/resources/rdma/mlx/hcaObjects: expected a number" },
	{ RES("'rdma':{'mlx':1}"), "/linux/resources/rdma/mlx: expected an object" },
	{ RES("'unified':[]"), "/linux/resources/unified: expected an object" },
	{ RES("'unified':{'memory.max':1}"), "/linux/resources/unified/memory.max: expected a string" },
	{ RES("'unified':{'../cgroup.procs':'1'}"), "not the name of a cgroup file" },
	{ RES("'unified':{'..':'1'}"), "not the name of a cgroup file" },
	{ RES("'unified':{'':'1'}"), "the key must not be empty" },

	/* linux.seccomp */
	{ LINUX("'seccomp':[]"), "/linux/seccomp: expected an object" },
	{ SECCOMP(""), "/linux/seccomp: " MISSING("defaultAction") },
	{ SECCOMP("'defaultAction':'ALLOW'"), "/linux/seccomp/defaultAction: unknown value \"ALLOW\"; known: SCMP_ACT_KILL" },
	{ SECCOMP("'defaultAction':1"), "/linux/seccomp/defaultAction: expected a string" },
	{ SECCOMP("'defaultAction':'SCMP_ACT_NOTIFY'"), "/linux/seccomp: SCMP_ACT_NOTIFY cannot be the default action" },
	{ SECCOMP("'defaultAction':'SCMP_ACT_ALLOW','defaultErrnoRet':1"), "/linux/seccomp/defaultErrnoRet: an errno value is for" },
	{ SECCOMP("'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':4096"), "/linux/seccomp/defaultErrnoRet: 4096 is too high" },
	{ SECCOMP("'defaultAction':'SCMP_ACT_ALLOW','architectures':['x86']"), "/linux/seccomp/architectures/0: unknown value \"x86\"; known: SCMP_ARCH_X86, " },
	{ SECCOMP("'defaultAction':'SCMP_ACT_ALLOW','architectures':'SCMP_ARCH_X86'"), "/linux/seccomp/architectures: expected an array" },
	{ SECCOMP("'defaultAction':'SCMP_ACT_ALLOW','flags':['LOG']"), "/linux/seccomp/flags/0: unknown value \"LOG\"" },
	{ SECCOMP("'defaultAction':'SCMP_ACT_ALLOW','flags':'x'"), "/linux/seccomp/flags: expected an array" },
	{ SECCOMP("'defaultAction':'SCMP_ACT_ALLOW','listenerPath':1"), "/linux/seccomp/listenerPath: expected a string" },
	{ SECCOMP("'defaultAction':'SCMP_ACT_ALLOW','listenerMetadata':'x'"), "/linux/seccomp: listenerMetadata needs a listenerPath" },
	{ SECCOMP("'defaultAction':'SCMP_ACT_ALLOW','syscalls':{}"), "/linux/seccomp/syscalls: expected an array" },
	{ SYSCALL("'action':'SCMP_ACT_LOG'"), "/linux/seccomp/syscalls/0: " MISSING("names") },
	{ SYSCALL("'names':['a']"), "/linux/seccomp/syscalls/0: " MISSING("action") },
	{ SYSCALL("'names':[],'action':'SCMP_ACT_LOG'"), "/linux/seccomp/syscalls/0/names: must not be empty" },
	{ SYSCALL("'names':[''],'action':'SCMP_ACT_LOG'"), "/linux/seccomp/syscalls/0: the name of a system call is empty" },
	{ SYSCALL("'names':'a','action':'SCMP_ACT_LOG'"), "/linux/seccomp/syscalls/0/names: expected an array" },
	{ SYSCALL("'names':['a'],'action':'SCMP_ACT_FOO'"), "/linux/seccomp/syscalls/0/action: unknown value \"SCMP_ACT_FOO\"" },
	{ SYSCALL("'names':['a'],'action':'SCMP_ACT_ALLOW','errnoRet':1"), "/linux/seccomp/syscalls/0/errnoRet: an errno value is for" },
	{ SYSCALL("'names':['a'],'action':'SCMP_ACT_ERRNO','errnoRet':4096"), "/linux/seccomp/syscalls/0/errnoRet: 4096 is too high" },
	{ SYSCALL("'names':['a'],'action':'SCMP_ACT_TRACE','errnoRet':65536"), "/linux/seccomp/syscalls/0/errnoRet: 65536 is too high" },
	{ SYSCALL("'names':['a'],'action':'SCMP_ACT_ERRNO','errnoRet':-1"), "/linux/seccomp/syscalls/0/errnoRet: " U32MAX },
	{ SYSCALL("'names':['a'],'action':'SCMP_ACT_NOTIFY'"), "/linux/seccomp/syscalls/0: SCMP_ACT_NOTIFY needs a listenerPath" },
	{ SECCOMP("'defaultAction':'SCMP_ACT_ALLOW','listenerPath':'/x','syscalls':[{'names':['read','write'],'action':'SCMP_ACT_NOTIFY'}]"), "/linux/seccomp/syscalls/0: SCMP_ACT_NOTIFY cannot be used for the write syscall" },
	{ SECCOMP("'defaultAction':'SCMP_ACT_ALLOW','listenerPath':'','syscalls':[{'names':['read'],'action':'SCMP_ACT_NOTIFY'}]"), "/linux/seccomp/syscalls/0: SCMP_ACT_NOTIFY needs a listenerPath" },
	{ SECCOMP("'defaultAction':'SCMP_ACT_ALLOW','listenerPath':'x','syscalls':[{'names':['read'],'action':'SCMP_ACT_NOTIFY'}]"), "/linux/seccomp/syscalls/0: the listenerPath of SCMP_ACT_NOTIFY must be absolute" },
	{ SYSCALL("'names':['a'],'action':'SCMP_ACT_LOG','args':{}"), "/linux/seccomp/syscalls/0/args: expected an array" },
	{ ARG("'value':1,'op':'SCMP_CMP_EQ'"), "/linux/seccomp/syscalls/0/args/0: " MISSING("index") },
	{ ARG("'index':0,'op':'SCMP_CMP_EQ'"), "/linux/seccomp/syscalls/0/args/0: " MISSING("value") },
	{ ARG("'index':0,'value':1"), "/linux/seccomp/syscalls/0/args/0: " MISSING("op") },
	{ ARG("'index':6,'value':1,'op':'SCMP_CMP_EQ'"), "/linux/seccomp/syscalls/0/args/0/index: expected an integer from 0 to 5" },
	{ ARG("'index':0,'value':-1,'op':'SCMP_CMP_EQ'"), "/linux/seccomp/syscalls/0/args/0/value: expected an integer from 0" },
	{ ARG("'index':0,'value':1,'op':'=='"), "/linux/seccomp/syscalls/0/args/0/op: unknown value \"==\"" },
	{ ARG("'index':0,'value':1,'valueTwo':'x','op':'SCMP_CMP_EQ'"), "/linux/seccomp/syscalls/0/args/0/valueTwo: expected a number" },
};

/* Valid, but not built yet: named and refused. */
static const struct bad refused[] = {
	{ LINUX("'intelRdt':{}"), "c:1:63: /linux/intelRdt: not supported yet" },
	{ LINUX("'intelRdt':{'closID':'guaranteed_group'}"), "/linux/intelRdt: not supported yet" },
	{ LINUX("'netDevices':{'eth0':{}}"), "/linux/netDevices: not supported yet" },
	{ LINUX("'memoryPolicy':{'mode':'MPOL_INTERLEAVE','nodes':'0-1'}"), "/linux/memoryPolicy: not supported yet" },
	{ LINUX("'personality':{'domain':'LINUX','flags':['X']}"), "/linux/personality/flags: not supported yet" },
};

/* Unusual, and right. */
static const struct bad good[] = {
	{ SPEC(""), "" },
	{ "{'ociVersion':'1.0.0-rc5-dev','root':{'path':'r'}}", "" },
	{ "{'ociVersion':'1.3.0+dev','root':{'path':'r'}}", "" },
	{ "{'ociVersion':'1.99.12','root':{'path':'r','unknown':{'a':[1,2]}}}", "" },
	{ SPEC(",'process':null,'mounts':null,'hooks':null,'linux':null,'annotations':null"), "" },
	{ SPEC(",'windows':{},'solaris':5,'vm':[],'zos':'x','freebsd':{'a':1},'x-unknown':true"), "" },
	{ SPEC(",'hostname':''"), "" },
	{ PROC(",'user':{}"), "" },
	{ PROC(",'user':{'username':'x'},'commandLine':'x'"), "" },
	{ PROC(",'args':[],'env':['A=','B==']"), "" },
	{ CAPS("'bounding':['CAP_FROM_THE_FUTURE','cap_chown','CAP_KILL']"), "" },
	{ SCHED("'policy':'SCHED_OTHER'"), "" },
	{ SCHED("'policy':'SCHED_RR','priority':99"), "" },
	{ PROC(",'execCPUAffinity':{'initial':'0-3,7','final':''}"), "" },
	{ MOUNT("'destination':'relative','source':'','type':''"), "" },
	{ MOUNT("'destination':'/a','uidMappings':[],'gidMappings':[]"), "" },
	{ NS("{'type':'pid','path':''},{'type':'time'}"), "" },
	{ NS("{'type':'user','path':'/proc/1/ns/user'}"), "" },
	{ USER(MAP(0, 0, 4294967295)), "" },
	{ USER(MAP(0, 1000, 10) "," MAP(10, 1010, 1) "," MAP(11, 5, 1)), "" },
	{ LINUX("'netDevices':{}"), "" },
	{ LINUX("'personality':{'domain':'LINUX','flags':[]}"), "" },
	{ LINUX("'timeOffsets':{}"), "" },
	{ LINUX("'maskedPaths':[],'readonlyPaths':[]"), "" },
	{ DEVICE("'path':'/dev/p','type':'p'"), "" },
	{ DEVICE("'path':'/dev/c','type':'c','major':0,'minor':0,'fileMode':8630"), "" },
	{ RULE(""), "" },
	{ RULE("'allow':true,'access':''"), "" },
	{ RES("'memory':{},'cpu':{},'pids':{},'blockIO':{},'network':{},'rdma':{},'unified':{}"), "" },
	{ SECCOMP("'defaultAction':'SCMP_ACT_KILL','flags':[]"), "" },
};
/* clang-format on */

static int parse(const char *text, struct err *e)
{
	autoarena struct arena a = { 0 };
	struct oci_spec spec;
	char *json = arena_strdup(&a, text);

	for (char *p = json; *p; p++)
		if (*p == '\'')
			*p = '"';
	return oci_spec_parse("c", json, strlen(json), &a, &spec, e);
}

static void test_rows(const struct bad *list, size_t count, int want)
{
	for (size_t i = 0; i < count; i++) {
		struct err e = { 0 };

		/* a label is one line */
		CASE(strchr(list[i].text, '\n') ? list[i].want : list[i].text);
		CHECK_INT(parse(list[i].text, &e), want);
		CHECK_INT(e.code, -want);
		if (!CHECK(strstr(e.msg, list[i].want) &&
			   (want == 0 || strncmp(e.msg, "c:", 2) == 0)))
			printf("# got  %s\n# want %s\n", e.msg, list[i].want);
	}
}

/* The kernel takes 340 ranges. */
static void test_many_maps(void)
{
	for (int count = 340; count <= 341; count++) {
		autoarena struct arena a = { 0 };
		struct err e = { 0 };
		char *maps = arena_strdup(&a, "");

		for (int i = 0; i < count; i++)
			maps = arena_printf(&a, "%s%s{'containerID':%d,'hostID':%d,'size':1}", maps,
					    i ? "," : "", i, 1000 + i);
		CASE(count == 340 ? "340 mappings" : "341 mappings");
		CHECK_INT(parse(arena_printf(&a, USER("%s"), maps), &e),
			  count == 340 ? 0 : -EINVAL);
		CHECK((count == 340) != (strstr(e.msg, "more than 340 mappings") != NULL));
	}
}

int main(void)
{
	test_rows(rows, ARRAY_LEN(rows), -EINVAL);
	test_rows(refused, ARRAY_LEN(refused), -EOPNOTSUPP);
	test_rows(good, ARRAY_LEN(good), 0);
	test_many_maps();
	return DONE();
}
