import { Assignment } from './numbering/assignment.entity.js';
import { NumberBlock } from './numbering/number-block.entity.js';
import { NumberPort } from './numbering/number-port.entity.js';
import { Authority } from './partners/authority.entity.js';
import { Credential } from './partners/credential.entity.js';
import { Partner } from './partners/partner.entity.js';

/** Every entity of every feature. */
export const ENTITIES = [Partner, Authority, Credential, NumberBlock, Assignment, NumberPort];
