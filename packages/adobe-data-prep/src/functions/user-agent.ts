import type { FunctionTable } from "../function-entry.ts";

const agent =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 5_1_1 like Mac OS X) AppleWebKit/534.46 (KHTML, like Gecko) Version/5.1 " +
  "Mobile/9B206 Safari/7534.48.3";

const reads = (name: string, description: string) =>
  ({ description, parameters: "USER_AGENT", returns: "string", example: `${name}("${agent}")` }) as const;

/** Functions that read a browser's user agent string. */
export const userAgentFunctions = {
  ua_os_name: reads("ua_os_name", "The operating system's name."),
  ua_os_version_major: reads("ua_os_version_major", "The operating system's name and major version."),
  ua_os_version: reads("ua_os_version", "The operating system's version."),
  ua_os_name_version: reads("ua_os_name_version", "The operating system's name and version."),
  ua_agent_version: reads("ua_agent_version", "The browser's version."),
  ua_agent_version_major: reads("ua_agent_version_major", "The browser's name and major version."),
  ua_agent_name: reads("ua_agent_name", "The browser's name."),
  ua_device_class: reads("ua_device_class", "The kind of device."),
} as const satisfies FunctionTable;
