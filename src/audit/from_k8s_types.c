/* SPDX-License-Identifier: Apache-2.0 */
/* The API of Kubernetes as of 1.37, as far as a pod goes: every field that a pod, its template
 * and the workloads around it may have (k8s.io/api: core/v1, apps/v1, batch/v1), and the kinds.
 * What has no bearing on isolation and changes often is K8S_ANY. */
#include "audit/from_k8s.h"

#include <string.h>

#define COUNT(A) (sizeof(A) / sizeof((A)[0]))

/* S string, B boolean, N integer, Q quantity or int-or-string, M map of strings,
 * MQ map of quantities, O object, L... list of, A anything. */
#define S(NAME)                        \
	{                              \
		NAME, K8S_STRING, NULL \
	}
#define B(NAME)                      \
	{                            \
		NAME, K8S_BOOL, NULL \
	}
#define N(NAME)                     \
	{                           \
		NAME, K8S_INT, NULL \
	}
#define Q(NAME)                          \
	{                                \
		NAME, K8S_QUANTITY, NULL \
	}
#define M(NAME)                            \
	{                                  \
		NAME, K8S_STRING_MAP, NULL \
	}
#define MQ(NAME)                             \
	{                                    \
		NAME, K8S_QUANTITY_MAP, NULL \
	}
#define A(NAME)                     \
	{                           \
		NAME, K8S_ANY, NULL \
	}
#define SS(NAME)                        \
	{                               \
		NAME, K8S_STRINGS, NULL \
	}
#define NS(NAME)                     \
	{                            \
		NAME, K8S_INTS, NULL \
	}
#define O(NAME, T)                     \
	{                              \
		NAME, K8S_OBJECT, &(T) \
	}
#define LO(NAME, T)                     \
	{                               \
		NAME, K8S_OBJECTS, &(T) \
	}
#define FIELDS(ID, ...) static const struct k8s_field ID##_fields[] = { __VA_ARGS__ }
#define TYPE(ID, NAME, ...)      \
	FIELDS(ID, __VA_ARGS__); \
	static const struct k8s_type ID = { NAME, ID##_fields, COUNT(ID##_fields) }
#define PUBLIC_TYPE(ID, NAME, ...) \
	FIELDS(ID, __VA_ARGS__);   \
	const struct k8s_type ID = { NAME, ID##_fields, COUNT(ID##_fields) }

/* clang-format off */
PUBLIC_TYPE(k8s_object_meta, "ObjectMeta", M("annotations"), S("creationTimestamp"),
	N("deletionGracePeriodSeconds"), S("deletionTimestamp"), SS("finalizers"),
	S("generateName"), N("generation"), M("labels"), A("managedFields"), S("name"),
	S("namespace"), A("ownerReferences"), S("resourceVersion"), S("selfLink"), S("uid"));
TYPE(t_node_selector_requirement, "NodeSelectorRequirement", S("key"), S("operator"),
	SS("values"));
TYPE(t_node_selector_term, "NodeSelectorTerm",
	LO("matchExpressions", t_node_selector_requirement),
	LO("matchFields", t_node_selector_requirement));
TYPE(t_preferred_scheduling_term, "PreferredSchedulingTerm",
	O("preference", t_node_selector_term), N("weight"));
TYPE(t_node_selector, "NodeSelector", LO("nodeSelectorTerms", t_node_selector_term));
TYPE(t_node_affinity, "NodeAffinity",
	LO("preferredDuringSchedulingIgnoredDuringExecution", t_preferred_scheduling_term),
	O("requiredDuringSchedulingIgnoredDuringExecution", t_node_selector));
TYPE(t_label_selector_requirement, "LabelSelectorRequirement", S("key"), S("operator"),
	SS("values"));
TYPE(t_label_selector, "LabelSelector", LO("matchExpressions", t_label_selector_requirement),
	M("matchLabels"));
TYPE(t_pod_affinity_term, "PodAffinityTerm", O("labelSelector", t_label_selector),
	SS("matchLabelKeys"), SS("mismatchLabelKeys"), O("namespaceSelector", t_label_selector),
	SS("namespaces"), S("topologyKey"));
TYPE(t_weighted_pod_affinity_term, "WeightedPodAffinityTerm",
	O("podAffinityTerm", t_pod_affinity_term), N("weight"));
TYPE(t_pod_affinity, "PodAffinity",
	LO("preferredDuringSchedulingIgnoredDuringExecution", t_weighted_pod_affinity_term),
	LO("requiredDuringSchedulingIgnoredDuringExecution", t_pod_affinity_term));
TYPE(t_pod_anti_affinity, "PodAntiAffinity",
	LO("preferredDuringSchedulingIgnoredDuringExecution", t_weighted_pod_affinity_term),
	LO("requiredDuringSchedulingIgnoredDuringExecution", t_pod_affinity_term));
TYPE(t_affinity, "Affinity", O("nodeAffinity", t_node_affinity), O("podAffinity", t_pod_affinity),
	O("podAntiAffinity", t_pod_anti_affinity));
TYPE(t_config_map_key_selector, "ConfigMapKeySelector", S("key"), S("name"), B("optional"));
TYPE(t_object_field_selector, "ObjectFieldSelector", S("apiVersion"), S("fieldPath"));
TYPE(t_file_key_selector, "FileKeySelector", S("key"), B("optional"), S("path"), S("volumeName"));
TYPE(t_resource_field_selector, "ResourceFieldSelector", S("containerName"), Q("divisor"),
	S("resource"));
TYPE(t_secret_key_selector, "SecretKeySelector", S("key"), S("name"), B("optional"));
TYPE(t_env_var_source, "EnvVarSource", O("configMapKeyRef", t_config_map_key_selector),
	O("fieldRef", t_object_field_selector), O("fileKeyRef", t_file_key_selector),
	O("resourceFieldRef", t_resource_field_selector),
	O("secretKeyRef", t_secret_key_selector));
TYPE(t_env_var, "EnvVar", S("name"), S("value"), O("valueFrom", t_env_var_source));
TYPE(t_config_map_env_source, "ConfigMapEnvSource", S("name"), B("optional"));
TYPE(t_secret_env_source, "SecretEnvSource", S("name"), B("optional"));
TYPE(t_env_from_source, "EnvFromSource", O("configMapRef", t_config_map_env_source), S("prefix"),
	O("secretRef", t_secret_env_source));
TYPE(t_exec_action, "ExecAction", SS("command"));
TYPE(t_http_header, "HTTPHeader", S("name"), S("value"));
TYPE(t_http_get_action, "HTTPGetAction", S("host"), LO("httpHeaders", t_http_header), S("path"),
	Q("port"), S("protocol"), S("scheme"));
TYPE(t_sleep_action, "SleepAction", N("seconds"));
TYPE(t_tcp_socket_action, "TCPSocketAction", S("host"), Q("port"));
TYPE(t_lifecycle_handler, "LifecycleHandler", O("exec", t_exec_action),
	O("httpGet", t_http_get_action), O("sleep", t_sleep_action),
	O("tcpSocket", t_tcp_socket_action));
TYPE(t_lifecycle, "Lifecycle", O("postStart", t_lifecycle_handler),
	O("preStop", t_lifecycle_handler), S("stopSignal"));
TYPE(t_grpc_action, "GRPCAction", S("mode"), N("port"), S("service"));
TYPE(t_probe, "Probe", O("exec", t_exec_action), N("failureThreshold"), O("grpc", t_grpc_action),
	O("httpGet", t_http_get_action), N("initialDelaySeconds"), N("periodSeconds"),
	N("successThreshold"), O("tcpSocket", t_tcp_socket_action),
	N("terminationGracePeriodSeconds"), N("timeoutSeconds"));
TYPE(t_container_port, "ContainerPort", N("containerPort"), S("hostIP"), N("hostPort"), S("name"),
	S("protocol"));
TYPE(t_container_resize_policy, "ContainerResizePolicy", S("resourceName"), S("restartPolicy"));
TYPE(t_resource_claim, "ResourceClaim", S("name"), S("request"));
TYPE(t_resource_requirements, "ResourceRequirements", LO("claims", t_resource_claim),
	MQ("limits"), MQ("requests"));
TYPE(t_container_restart_rule_on_exit_codes, "ContainerRestartRuleOnExitCodes", S("operator"),
	NS("values"));
TYPE(t_container_restart_rule, "ContainerRestartRule", S("action"),
	O("exitCodes", t_container_restart_rule_on_exit_codes));
TYPE(t_app_armor_profile, "AppArmorProfile", S("localhostProfile"), S("type"));
TYPE(t_capabilities, "Capabilities", SS("add"), SS("drop"));
TYPE(t_se_linux_options, "SELinuxOptions", S("level"), S("role"), S("type"), S("user"));
TYPE(t_seccomp_profile, "SeccompProfile", S("localhostProfile"), S("type"));
TYPE(t_windows_security_context_options, "WindowsSecurityContextOptions", S("gmsaCredentialSpec"),
	S("gmsaCredentialSpecName"), B("hostProcess"), S("runAsUserName"));
PUBLIC_TYPE(k8s_security_context, "SecurityContext", B("allowPrivilegeEscalation"),
	O("appArmorProfile", t_app_armor_profile), O("capabilities", t_capabilities),
	B("privileged"), S("procMount"), B("readOnlyRootFilesystem"), N("runAsGroup"),
	B("runAsNonRoot"), N("runAsUser"), O("seLinuxOptions", t_se_linux_options),
	O("seccompProfile", t_seccomp_profile),
	O("windowsOptions", t_windows_security_context_options));
TYPE(t_volume_device, "VolumeDevice", S("devicePath"), S("name"));
TYPE(t_volume_mount, "VolumeMount", SS("bindMountOptions"), S("mountPath"), S("mountPropagation"),
	S("name"), B("readOnly"), S("recursiveReadOnly"), S("subPath"), S("subPathExpr"));
PUBLIC_TYPE(k8s_container, "Container", SS("args"), SS("command"), LO("env", t_env_var),
	LO("envFrom", t_env_from_source), S("image"), S("imagePullPolicy"),
	O("lifecycle", t_lifecycle), O("livenessProbe", t_probe), S("name"),
	LO("ports", t_container_port), O("readinessProbe", t_probe),
	LO("resizePolicy", t_container_resize_policy), O("resources", t_resource_requirements),
	S("restartPolicy"), LO("restartPolicyRules", t_container_restart_rule),
	O("securityContext", k8s_security_context), O("startupProbe", t_probe), B("stdin"),
	B("stdinOnce"), S("terminationMessagePath"), S("terminationMessagePolicy"), B("tty"),
	LO("volumeDevices", t_volume_device), LO("volumeMounts", t_volume_mount),
	S("workingDir"));
TYPE(t_pod_dns_config_option, "PodDNSConfigOption", S("name"), S("value"));
TYPE(t_pod_dns_config, "PodDNSConfig", SS("nameservers"), LO("options", t_pod_dns_config_option),
	SS("searches"));
TYPE(t_ephemeral_container, "EphemeralContainer", SS("args"), SS("command"), LO("env", t_env_var),
	LO("envFrom", t_env_from_source), S("image"), S("imagePullPolicy"),
	O("lifecycle", t_lifecycle), O("livenessProbe", t_probe), S("name"),
	LO("ports", t_container_port), O("readinessProbe", t_probe),
	LO("resizePolicy", t_container_resize_policy), O("resources", t_resource_requirements),
	S("restartPolicy"), LO("restartPolicyRules", t_container_restart_rule),
	O("securityContext", k8s_security_context), O("startupProbe", t_probe), B("stdin"),
	B("stdinOnce"), S("targetContainerName"), S("terminationMessagePath"),
	S("terminationMessagePolicy"), B("tty"), LO("volumeDevices", t_volume_device),
	LO("volumeMounts", t_volume_mount), S("workingDir"));
TYPE(t_eviction_responder, "EvictionResponder", S("name"), N("priority"));
TYPE(t_host_alias, "HostAlias", SS("hostnames"), S("ip"));
TYPE(t_local_object_reference, "LocalObjectReference", S("name"));
TYPE(t_pod_os, "PodOS", S("name"));
TYPE(t_pod_readiness_gate, "PodReadinessGate", S("conditionType"));
TYPE(t_pod_resource_claim, "PodResourceClaim", S("name"), S("resourceClaimName"),
	S("resourceClaimTemplateName"));
TYPE(t_pod_scheduling_gate, "PodSchedulingGate", S("name"));
TYPE(t_pod_scheduling_group, "PodSchedulingGroup", S("podGroupName"));
TYPE(t_sysctl, "Sysctl", S("name"), S("value"));
PUBLIC_TYPE(k8s_pod_security_context, "PodSecurityContext",
	O("appArmorProfile", t_app_armor_profile), N("fsGroup"), S("fsGroupChangePolicy"),
	N("runAsGroup"), B("runAsNonRoot"),
	N("runAsUser"), S("seLinuxChangePolicy"), O("seLinuxOptions", t_se_linux_options),
	O("seccompProfile", t_seccomp_profile), NS("supplementalGroups"),
	S("supplementalGroupsPolicy"), LO("sysctls", t_sysctl),
	O("windowsOptions", t_windows_security_context_options));
TYPE(t_toleration, "Toleration", S("effect"), S("key"), S("operator"), N("tolerationSeconds"),
	S("value"));
TYPE(t_topology_spread_constraint, "TopologySpreadConstraint",
	O("labelSelector", t_label_selector), SS("matchLabelKeys"), N("maxSkew"), N("minDomains"),
	S("nodeAffinityPolicy"), S("nodeTaintsPolicy"), S("topologyKey"), S("whenUnsatisfiable"));
TYPE(t_aws_elastic_block_store_volume_source, "AWSElasticBlockStoreVolumeSource", S("fsType"),
	N("partition"), B("readOnly"), S("volumeID"));
TYPE(t_azure_disk_volume_source, "AzureDiskVolumeSource", S("cachingMode"), S("diskName"),
	S("diskURI"), S("fsType"), S("kind"), B("readOnly"));
TYPE(t_azure_file_volume_source, "AzureFileVolumeSource", B("readOnly"), S("secretName"),
	S("shareName"));
TYPE(t_ceph_fs_volume_source, "CephFSVolumeSource", SS("monitors"), S("path"), B("readOnly"),
	S("secretFile"), O("secretRef", t_local_object_reference), S("user"));
TYPE(t_cinder_volume_source, "CinderVolumeSource", S("fsType"), B("readOnly"),
	O("secretRef", t_local_object_reference), S("volumeID"));
TYPE(t_key_to_path, "KeyToPath", S("key"), N("mode"), S("path"), N("user"));
TYPE(t_config_map_volume_source, "ConfigMapVolumeSource", N("defaultMode"), N("defaultUser"),
	LO("items", t_key_to_path), S("name"), B("optional"));
TYPE(t_csi_volume_source, "CSIVolumeSource", S("driver"), S("fsType"),
	O("nodePublishSecretRef", t_local_object_reference), B("readOnly"),
	M("volumeAttributes"));
TYPE(t_downward_api_volume_file, "DownwardAPIVolumeFile", O("fieldRef", t_object_field_selector),
	N("mode"), S("path"), O("resourceFieldRef", t_resource_field_selector), N("user"));
TYPE(t_downward_api_volume_source, "DownwardAPIVolumeSource", N("defaultMode"), N("defaultUser"),
	LO("items", t_downward_api_volume_file));
TYPE(t_empty_dir_volume_source, "EmptyDirVolumeSource", S("medium"), N("mode"), Q("sizeLimit"));
TYPE(t_volume_resource_requirements, "VolumeResourceRequirements", MQ("limits"), MQ("requests"));
TYPE(t_persistent_volume_claim_spec, "PersistentVolumeClaimSpec", SS("accessModes"),
	A("dataSource"), A("dataSourceRef"), O("resources", t_volume_resource_requirements),
	O("selector", t_label_selector), S("storageClassName"), S("volumeAttributesClassName"),
	S("volumeMode"), S("volumeName"));
TYPE(t_persistent_volume_claim_template, "PersistentVolumeClaimTemplate",
	O("metadata", k8s_object_meta), O("spec", t_persistent_volume_claim_spec));
TYPE(t_ephemeral_volume_source, "EphemeralVolumeSource",
	O("volumeClaimTemplate", t_persistent_volume_claim_template));
TYPE(t_fc_volume_source, "FCVolumeSource", S("fsType"), N("lun"), B("readOnly"), SS("targetWWNs"),
	SS("wwids"));
TYPE(t_flex_volume_source, "FlexVolumeSource", S("driver"), S("fsType"), M("options"),
	B("readOnly"), O("secretRef", t_local_object_reference));
TYPE(t_flocker_volume_source, "FlockerVolumeSource", S("datasetName"), S("datasetUUID"));
TYPE(t_gce_persistent_disk_volume_source, "GCEPersistentDiskVolumeSource", S("fsType"),
	N("partition"), S("pdName"), B("readOnly"));
TYPE(t_git_repo_volume_source, "GitRepoVolumeSource", S("directory"), S("repository"),
	S("revision"));
TYPE(t_glusterfs_volume_source, "GlusterfsVolumeSource", S("endpoints"), S("path"),
	B("readOnly"));
TYPE(t_host_path_volume_source, "HostPathVolumeSource", S("path"), S("type"));
TYPE(t_image_volume_source, "ImageVolumeSource", S("pullPolicy"), S("reference"));
TYPE(t_iscsi_volume_source, "ISCSIVolumeSource", B("chapAuthDiscovery"), B("chapAuthSession"),
	S("fsType"), S("initiatorName"), S("iqn"), S("iscsiInterface"), N("lun"), SS("portals"),
	B("readOnly"), O("secretRef", t_local_object_reference), S("targetPortal"));
TYPE(t_nfs_volume_source, "NFSVolumeSource", S("path"), B("readOnly"), S("server"));
TYPE(t_persistent_volume_claim_volume_source, "PersistentVolumeClaimVolumeSource", S("claimName"),
	B("readOnly"));
TYPE(t_photon_persistent_disk_volume_source, "PhotonPersistentDiskVolumeSource", S("fsType"),
	S("pdID"));
TYPE(t_portworx_volume_source, "PortworxVolumeSource", S("fsType"), B("readOnly"), S("volumeID"));
TYPE(t_cluster_trust_bundle_projection, "ClusterTrustBundleProjection",
	O("labelSelector", t_label_selector), S("name"), B("optional"), S("path"),
	S("signerName"), N("user"));
TYPE(t_config_map_projection, "ConfigMapProjection", LO("items", t_key_to_path), S("name"),
	B("optional"));
TYPE(t_downward_api_projection, "DownwardAPIProjection", LO("items", t_downward_api_volume_file));
TYPE(t_pod_certificate_projection, "PodCertificateProjection", S("certificateChainPath"),
	S("credentialBundlePath"), S("keyPath"), S("keyType"), N("maxExpirationSeconds"),
	S("signerName"), N("user"), M("userAnnotations"));
TYPE(t_secret_projection, "SecretProjection", LO("items", t_key_to_path), S("name"),
	B("optional"));
TYPE(t_service_account_token_projection, "ServiceAccountTokenProjection", S("audience"),
	N("expirationSeconds"), S("path"), N("user"));
TYPE(t_volume_projection, "VolumeProjection",
	O("clusterTrustBundle", t_cluster_trust_bundle_projection),
	O("configMap", t_config_map_projection), O("downwardAPI", t_downward_api_projection),
	O("podCertificate", t_pod_certificate_projection), O("secret", t_secret_projection),
	O("serviceAccountToken", t_service_account_token_projection));
TYPE(t_projected_volume_source, "ProjectedVolumeSource", N("defaultMode"), N("defaultUser"),
	LO("sources", t_volume_projection));
TYPE(t_quobyte_volume_source, "QuobyteVolumeSource", S("group"), B("readOnly"), S("registry"),
	S("tenant"), S("user"), S("volume"));
TYPE(t_rbd_volume_source, "RBDVolumeSource", S("fsType"), S("image"), S("keyring"),
	SS("monitors"), S("pool"), B("readOnly"), O("secretRef", t_local_object_reference),
	S("user"));
TYPE(t_scale_io_volume_source, "ScaleIOVolumeSource", S("fsType"), S("gateway"),
	S("protectionDomain"), B("readOnly"), O("secretRef", t_local_object_reference),
	B("sslEnabled"), S("storageMode"), S("storagePool"), S("system"), S("volumeName"));
TYPE(t_secret_volume_source, "SecretVolumeSource", N("defaultMode"), N("defaultUser"),
	LO("items", t_key_to_path), B("optional"), S("secretName"));
TYPE(t_storage_os_volume_source, "StorageOSVolumeSource", S("fsType"), B("readOnly"),
	O("secretRef", t_local_object_reference), S("volumeName"), S("volumeNamespace"));
TYPE(t_vsphere_virtual_disk_volume_source, "VsphereVirtualDiskVolumeSource", S("fsType"),
	S("storagePolicyID"), S("storagePolicyName"), S("volumePath"));
TYPE(t_volume, "Volume", O("awsElasticBlockStore", t_aws_elastic_block_store_volume_source),
	O("azureDisk", t_azure_disk_volume_source), O("azureFile", t_azure_file_volume_source),
	O("cephfs", t_ceph_fs_volume_source), O("cinder", t_cinder_volume_source),
	O("configMap", t_config_map_volume_source), O("csi", t_csi_volume_source),
	O("downwardAPI", t_downward_api_volume_source), O("emptyDir", t_empty_dir_volume_source),
	O("ephemeral", t_ephemeral_volume_source), O("fc", t_fc_volume_source),
	O("flexVolume", t_flex_volume_source), O("flocker", t_flocker_volume_source),
	O("gcePersistentDisk", t_gce_persistent_disk_volume_source),
	O("gitRepo", t_git_repo_volume_source), O("glusterfs", t_glusterfs_volume_source),
	O("hostPath", t_host_path_volume_source), O("image", t_image_volume_source),
	O("iscsi", t_iscsi_volume_source), S("name"), O("nfs", t_nfs_volume_source),
	O("persistentVolumeClaim", t_persistent_volume_claim_volume_source),
	O("photonPersistentDisk", t_photon_persistent_disk_volume_source),
	O("portworxVolume", t_portworx_volume_source), O("projected", t_projected_volume_source),
	O("quobyte", t_quobyte_volume_source), O("rbd", t_rbd_volume_source),
	O("scaleIO", t_scale_io_volume_source), O("secret", t_secret_volume_source),
	O("storageos", t_storage_os_volume_source),
	O("vsphereVolume", t_vsphere_virtual_disk_volume_source));
PUBLIC_TYPE(k8s_pod_spec, "PodSpec", N("activeDeadlineSeconds"), O("affinity", t_affinity),
	B("automountServiceAccountToken"), LO("containers", k8s_container),
	O("dnsConfig", t_pod_dns_config), S("dnsPolicy"), B("enableServiceLinks"),
	LO("ephemeralContainers", t_ephemeral_container),
	LO("evictionResponders", t_eviction_responder), LO("hostAliases", t_host_alias),
	B("hostIPC"), B("hostNetwork"), B("hostPID"), B("hostUsers"), S("hostname"),
	S("hostnameOverride"), LO("imagePullSecrets", t_local_object_reference),
	LO("initContainers", k8s_container), S("nodeName"), M("nodeSelector"), O("os", t_pod_os),
	MQ("overhead"), S("preemptionPolicy"), N("priority"), S("priorityClassName"),
	LO("readinessGates", t_pod_readiness_gate), LO("resourceClaims", t_pod_resource_claim),
	O("resources", t_resource_requirements), S("restartPolicy"), S("runtimeClassName"),
	S("schedulerName"), LO("schedulingGates", t_pod_scheduling_gate),
	O("schedulingGroup", t_pod_scheduling_group),
	O("securityContext", k8s_pod_security_context), S("serviceAccount"),
	S("serviceAccountName"), B("setHostnameAsFQDN"), B("shareProcessNamespace"),
	S("subdomain"), N("terminationGracePeriodSeconds"), LO("tolerations", t_toleration),
	LO("topologySpreadConstraints", t_topology_spread_constraint), LO("volumes", t_volume));
TYPE(t_pod, "Pod", S("apiVersion"), S("kind"), O("metadata", k8s_object_meta),
	O("spec", k8s_pod_spec), A("status"));
PUBLIC_TYPE(k8s_pod_template, "PodTemplateSpec",
	O("metadata", k8s_object_meta), O("spec", k8s_pod_spec));
TYPE(t_pod_template, "PodTemplate", S("apiVersion"), S("kind"), O("metadata", k8s_object_meta),
	O("template", k8s_pod_template));
TYPE(t_replication_controller_spec, "ReplicationControllerSpec", N("minReadySeconds"),
	N("replicas"), M("selector"), O("template", k8s_pod_template));
TYPE(t_replication_controller, "ReplicationController", S("apiVersion"), S("kind"),
	O("metadata", k8s_object_meta), O("spec", t_replication_controller_spec), A("status"));
TYPE(t_deployment_spec, "DeploymentSpec", N("minReadySeconds"), B("paused"),
	N("progressDeadlineSeconds"), N("replicas"), N("revisionHistoryLimit"),
	O("selector", t_label_selector), A("strategy"), O("template", k8s_pod_template));
TYPE(t_deployment, "Deployment", S("apiVersion"), S("kind"), O("metadata", k8s_object_meta),
	O("spec", t_deployment_spec), A("status"));
TYPE(t_persistent_volume_claim, "PersistentVolumeClaim", S("apiVersion"), S("kind"),
	O("metadata", k8s_object_meta), O("spec", t_persistent_volume_claim_spec), A("status"));
TYPE(t_stateful_set_spec, "StatefulSetSpec", N("minReadySeconds"), A("ordinals"),
	A("persistentVolumeClaimRetentionPolicy"), S("podManagementPolicy"), N("replicas"),
	N("revisionHistoryLimit"), O("selector", t_label_selector), S("serviceName"),
	O("template", k8s_pod_template), A("updateStrategy"),
	LO("volumeClaimTemplates", t_persistent_volume_claim));
TYPE(t_stateful_set, "StatefulSet", S("apiVersion"), S("kind"), O("metadata", k8s_object_meta),
	O("spec", t_stateful_set_spec), A("status"));
TYPE(t_daemon_set_spec, "DaemonSetSpec", N("minReadySeconds"), N("revisionHistoryLimit"),
	O("selector", t_label_selector), O("template", k8s_pod_template), A("updateStrategy"));
TYPE(t_daemon_set, "DaemonSet", S("apiVersion"), S("kind"), O("metadata", k8s_object_meta),
	O("spec", t_daemon_set_spec), A("status"));
TYPE(t_replica_set_spec, "ReplicaSetSpec", N("minReadySeconds"), N("replicas"),
	O("selector", t_label_selector), O("template", k8s_pod_template));
TYPE(t_replica_set, "ReplicaSet", S("apiVersion"), S("kind"), O("metadata", k8s_object_meta),
	O("spec", t_replica_set_spec), A("status"));
TYPE(t_job_spec, "JobSpec", N("activeDeadlineSeconds"), N("backoffLimit"),
	N("backoffLimitPerIndex"), S("completionMode"), N("completions"), S("managedBy"),
	B("manualSelector"), N("maxFailedIndexes"), N("parallelism"), A("podFailurePolicy"),
	S("podReplacementPolicy"), A("scheduling"), O("selector", t_label_selector),
	A("successPolicy"), B("suspend"), O("template", k8s_pod_template),
	N("ttlSecondsAfterFinished"));
TYPE(t_job, "Job", S("apiVersion"), S("kind"), O("metadata", k8s_object_meta),
	O("spec", t_job_spec), A("status"));
TYPE(t_job_template_spec, "JobTemplateSpec", O("metadata", k8s_object_meta), O("spec", t_job_spec));
TYPE(t_cron_job_spec, "CronJobSpec", S("concurrencyPolicy"), N("failedJobsHistoryLimit"),
	O("jobTemplate", t_job_template_spec), S("schedule"), N("startingDeadlineSeconds"),
	N("successfulJobsHistoryLimit"), B("suspend"), S("timeZone"));
TYPE(t_cron_job, "CronJob", S("apiVersion"), S("kind"), O("metadata", k8s_object_meta),
	O("spec", t_cron_job_spec), A("status"));
/* clang-format on */

/* DeploymentConfig has more around its template than is said here: OpenShift's. */
static const struct k8s_workload workloads[] = {
	{ "CronJob", "batch", { "spec", "jobTemplate", "spec", "template" }, &t_cron_job },
	{ "DaemonSet", "apps", { "spec", "template" }, &t_daemon_set },
	{ "Deployment", "apps", { "spec", "template" }, &t_deployment },
	{ "DeploymentConfig", "apps.openshift.io", { "spec", "template" }, NULL },
	{ "Job", "batch", { "spec", "template" }, &t_job },
	{ "Pod", "", { NULL }, &t_pod },
	{ "PodTemplate", "", { "template" }, &t_pod_template },
	{ "ReplicaSet", "apps", { "spec", "template" }, &t_replica_set },
	{ "ReplicationController", "", { "spec", "template" }, &t_replication_controller },
	{ "StatefulSet", "apps", { "spec", "template" }, &t_stateful_set },
};

/* Sorted. Also what the files of a cluster's own programs are (kubeadm, kubelet, kustomize). */
static const char *const others[] = {
	"APIGroup",
	"APIResourceList",
	"APIService",
	"AdmissionConfiguration",
	"AdmissionReview",
	"AuthenticationConfiguration",
	"AuthorizationConfiguration",
	"Binding",
	"CSIDriver",
	"CSINode",
	"CSIStorageCapacity",
	"CertificateSigningRequest",
	"ClusterConfiguration",
	"ClusterRole",
	"ClusterRoleBinding",
	"ClusterTrustBundle",
	"Component",
	"ComponentStatus",
	"CompositePodGroup",
	"Config",
	"ConfigMap",
	"ControllerRevision",
	"CredentialProviderConfig",
	"CustomResourceDefinition",
	"DeviceClass",
	"DeviceTaintRule",
	"EgressSelectorConfiguration",
	"EncryptionConfiguration",
	"EndpointSlice",
	"Endpoints",
	"Event",
	"Eviction",
	"EvictionRequest",
	"FlowSchema",
	"HorizontalPodAutoscaler",
	"IPAddress",
	"ImageReview",
	"Ingress",
	"IngressClass",
	"InitConfiguration",
	"JoinConfiguration",
	"KubeProxyConfiguration",
	"KubeSchedulerConfiguration",
	"KubeletConfiguration",
	"Kustomization",
	"Lease",
	"LeaseCandidate",
	"LimitRange",
	"LocalSubjectAccessReview",
	"MutatingAdmissionPolicy",
	"MutatingAdmissionPolicyBinding",
	"MutatingWebhookConfiguration",
	"Namespace",
	"NetworkPolicy",
	"Node",
	"PersistentVolume",
	"PersistentVolumeClaim",
	"PodCertificateRequest",
	"PodDisruptionBudget",
	"PodGroup",
	"PodSecurityConfiguration",
	"PodSecurityPolicy",
	"Policy",
	"PriorityClass",
	"PriorityLevelConfiguration",
	"ResetConfiguration",
	"ResourceClaim",
	"ResourceClaimTemplate",
	"ResourcePoolStatusRequest",
	"ResourceQuota",
	"ResourceSlice",
	"Role",
	"RoleBinding",
	"RuntimeClass",
	"Scale",
	"Secret",
	"SelfSubjectAccessReview",
	"SelfSubjectReview",
	"SelfSubjectRulesReview",
	"Service",
	"ServiceAccount",
	"ServiceCIDR",
	"Status",
	"StorageClass",
	"StorageVersion",
	"StorageVersionMigration",
	"SubjectAccessReview",
	"Table",
	"TokenRequest",
	"TokenReview",
	"UpgradeConfiguration",
	"ValidatingAdmissionPolicy",
	"ValidatingAdmissionPolicyBinding",
	"ValidatingWebhookConfiguration",
	"VolumeAttachment",
	"VolumeAttributesClass",
	"Workload",
};

const struct k8s_workload *k8s_workload_find(const char *kind)
{
	for (size_t i = 0; i < COUNT(workloads); i++)
		if (!strcmp(workloads[i].kind, kind))
			return &workloads[i];
	return NULL;
}

bool k8s_kind_is_other(const char *kind)
{
	size_t low = 0, high = COUNT(others);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = strcmp(kind, others[mid]);

		if (c == 0)
			return true;
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

const char *k8s_kind_at(size_t i)
{
	if (i < COUNT(workloads))
		return workloads[i].kind;
	i -= COUNT(workloads);
	return i < COUNT(others) ? others[i] : NULL;
}

const struct k8s_field *k8s_field_find(const struct k8s_type *t, const char *name)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const char *field = t->fields[mid].name;
		int c = name[0] != field[0] ? (unsigned char)name[0] - (unsigned char)field[0]
					    : strcmp(name, field);

		if (c == 0)
			return &t->fields[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct k8s_type *k8s_root_type_at(size_t i)
{
	static const struct k8s_type *const roots[] = {
		&t_cron_job,    &t_daemon_set,   &t_deployment,
		&t_job,         &t_pod,          &t_pod_template,
		&t_replica_set, &t_stateful_set, &t_replication_controller,
	};

	return i < COUNT(roots) ? roots[i] : NULL;
}
