import type { ResourceValidationPolicy } from "@pulumi/policy";
import { coversPath, exemptions } from "../exemptions";
import type { ExemptField } from "../exemptions";
import { at, fields, keysOf, list, separately } from "../fields";
import type { Fields } from "../fields";
import type { Container, Pod } from "../pods";
import { containerLists, eachContainer, validatePod } from "../pods";

/** Takes the path of a field from the pod's or container's, what is wrong with it, and what to do. */
type Say = (field: string, problem: string) => void;

const volumeTypes = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];
const seLinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
const safeSysctls =
  /^(kernel\.shm_rmid_forced|net\.ipv4\.(ip_local_port_range|ip_local_reserved_ports|ip_unprivileged_port_start|ping_group_range|tcp_(syncookies|keepalive_time|fin_timeout|keepalive_intvl|keepalive_probes|rmem|wmem)))$/;

/**
 * Pod Security `restricted`, and a read-only root file system. Node agents are exempt by namespace, component and exact
 * field (see `exemptions.ts`), everything else holds for them too.
 */
export const requirePodSecurity: ResourceValidationPolicy = {
  name: "require-pod-security",
  description: "Every pod keeps to Pod Security restricted, with a read-only root file system.",
  enforcementLevel: "mandatory",
  validateResource: validatePod((pod, report) => {
    separately([
      () => {
        checkPod(pod, (field, problem) => report(`${pod.title}, ${pod.path}.${field}: ${problem}`));
      },
      () => {
        eachContainer(pod, (container) => {
          checkContainer(pod, container, (field, problem) =>
            report(`${pod.title}, ${container.title}, ${container.path}.${field}: ${problem}`),
          );
        });
      },
    ]);
  }),
};

function exempt(pod: Pod, field: ExemptField, path?: unknown): boolean {
  const component = at(pod.metadata, ["labels", "app.kubernetes.io/name"]);
  return exemptions.some(
    (exemption) =>
      exemption.field === field &&
      coversPath(exemption, path) &&
      exemption.component === component &&
      exemption.namespace === pod.namespace(),
  );
}

function checkPod(pod: Pod, say: Say): void {
  const { spec } = pod;
  const security = fields(spec.securityContext);
  const hostFields = (["hostNetwork", "hostPID", "hostIPC"] as const).map((field) => () => {
    if (spec[field] === true && (field === "hostIPC" || !exempt(pod, field))) {
      say(field, "shares the node's namespace; remove it");
    }
  });
  const volumes = list(spec.volumes);
  separately([
    ...hostFields,
    () => checkContext(security, say, "securityContext"),
    () => {
      separately(
        keysOf(security.sysctls).map((index) => () => {
          const name = fields(list(security.sysctls)[Number(index)]).name;
          if (typeof name !== "string" || !safeSysctls.test(name)) {
            say(`securityContext.sysctls[${index}]`, "is not one of the safe sysctls; remove it");
          }
        }),
      );
    },
    ...keysOf(volumes).map((index) => () => checkVolume(pod, fields(volumes[Number(index)]), index, say)),
  ]);
}

function checkVolume(pod: Pod, volume: Fields, index: string, say: Say): void {
  const type = keysOf(volume).find((key) => key !== "name" && !volumeTypes.includes(key));
  if (type === undefined) {
    return;
  }
  if (type !== "hostPath" || !exempt(pod, "hostPath", at(volume, ["hostPath", "path"]))) {
    say(
      `volumes[${index}].${type}`,
      `is no volume of a restricted pod; use one of ${volumeTypes.join(", ")}`,
    );
  } else if (!mountedReadOnly(pod, volume.name)) {
    say(`volumes[${index}].hostPath`, "must be mounted with readOnly: true everywhere");
  }
}

function mountedReadOnly(pod: Pod, volume: unknown): boolean {
  return containerLists
    .flatMap((name) => list(pod.spec[name]))
    .flatMap((container) => list(fields(container).volumeMounts))
    .map(fields)
    .every((mount) => mount.name !== volume || mount.readOnly === true);
}

/** What holds for the security context of a pod and of a container alike. */
function checkContext(security: Fields, say: Say, path: string): void {
  if (security.runAsUser === 0) {
    say(`${path}.runAsUser`, "is root; set another user");
  }
  if (at(security, ["windowsOptions", "hostProcess"]) === true) {
    say(`${path}.windowsOptions.hostProcess`, "runs on the node itself; remove it");
  }
  const seLinux = fields(security.seLinuxOptions);
  for (const field of ["user", "role"].filter((name) => (seLinux[name] ?? "") !== "")) {
    say(`${path}.seLinuxOptions.${field}`, "must not be chosen; remove it");
  }
  const type = seLinux.type ?? "";
  if (typeof type !== "string" || !seLinuxTypes.includes(type)) {
    say(`${path}.seLinuxOptions.type`, "is not a container's type; remove it");
  }
  if (at(security, ["appArmorProfile", "type"]) === "Unconfined") {
    say(`${path}.appArmorProfile.type`, "is Unconfined; set RuntimeDefault");
  }
}

function checkContainer(pod: Pod, container: Container, say: Say): void {
  const own = fields(container.fields.securityContext);
  const ports = list(container.fields.ports);
  separately([
    () => checkContext(own, say, "securityContext"),
    () => checkInherited(fields(pod.spec.securityContext), own, say),
    () => checkPrivileges(own, say),
    ...keysOf(ports).map((index) => () => {
      if ((fields(ports[Number(index)]).hostPort ?? 0) !== 0 && !exempt(pod, "hostPort")) {
        say(`ports[${index}].hostPort`, "takes a port of the node; remove it");
      }
    }),
  ]);
}

/** What a container has of its own or else from its pod. */
function checkInherited(pod: Fields, own: Fields, say: Say): void {
  if ((own.runAsNonRoot ?? pod.runAsNonRoot) !== true) {
    say("securityContext.runAsNonRoot", "must be true, here or in the pod's securityContext");
  }
  const profile = at(own, ["seccompProfile", "type"]) ?? at(pod, ["seccompProfile", "type"]);
  if (profile !== "RuntimeDefault" && profile !== "Localhost") {
    say(
      "securityContext.seccompProfile.type",
      "must be RuntimeDefault, here or in the pod's securityContext",
    );
  }
}

function checkPrivileges(own: Fields, say: Say): void {
  if (own.privileged === true) {
    say("securityContext.privileged", "must not be true; remove it");
  }
  if (own.allowPrivilegeEscalation !== false) {
    say("securityContext.allowPrivilegeEscalation", "must be false");
  }
  if (own.readOnlyRootFilesystem !== true) {
    say("securityContext.readOnlyRootFilesystem", "must be true; mount an emptyDir where it writes");
  }
  const capabilities = fields(own.capabilities);
  if (!list(capabilities.drop).includes("ALL")) {
    say("securityContext.capabilities.drop", 'must have "ALL"');
  }
  if (list(capabilities.add).some((name) => name !== "NET_BIND_SERVICE")) {
    say("securityContext.capabilities.add", "may have NET_BIND_SERVICE alone; remove the others");
  }
  if (!["Default", undefined, null].includes(own.procMount as string | undefined)) {
    say("securityContext.procMount", "must be Default; remove it");
  }
}
