import { Problem } from '../../shared/errors.js';

const MOST_LEVELS = 8;
const MOST_PROPERTIES = 100;

/**
 * Refuses JSON that no request of ours looks like, before anything walks through it: validation takes time in the
 * square of an object's properties, and stack for each level.
 */
export function checkShape(value: unknown, levels = MOST_LEVELS): void {
  if (typeof value !== 'object' || value === null || typeof (value as { pipe?: unknown }).pipe === 'function')
    return;
  if (levels === 0) throw new Problem('malformed_body', `the body has more than ${MOST_LEVELS} levels`);
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') checkShape(item, levels - 1);
    return;
  }
  const properties = Object.values(value);
  if (properties.length > MOST_PROPERTIES)
    throw new Problem('malformed_body', `an object of the body has more than ${MOST_PROPERTIES} properties`);
  for (const property of properties) if (typeof property === 'object') checkShape(property, levels - 1);
}
