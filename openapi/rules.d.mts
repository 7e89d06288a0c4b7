export const rules: Record<string, object>;
declare const ruleset: object;
export default ruleset;
