import references from "./references.json" with { type: "json" };

/** What the checks compare with; `source` in the file says where the numbers come from. */
export const reference: Omit<typeof references, "source"> = references;
