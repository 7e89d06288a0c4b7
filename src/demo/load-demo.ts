import type { INestApplicationContext } from '@nestjs/common';

import { AssignmentImportsService, RowReader } from '../numbering/assignment-imports.service.js';
import { BlockImportsService } from '../numbering/block-imports.service.js';
import { NumberPortsService } from '../numbering/number-ports.service.js';
import { type Disclosure } from '../partners/partner.entity.js';
import { PartnerImportsService } from '../partners/partner-imports.service.js';
import type { Caller } from '../shared/caller.js';
import { Clock } from '../shared/clock.js';
import { formatInstant } from '../shared/instant.js';
import { demoRegistry } from './demo-registry.js';
import type { DemoPartner } from './demo-names.js';

const APPLY = { mode: 'apply' } as const;

/**
 * Fills the registry with invented partners and ranges, through the services that imports go through. What is
 * there from a start that was killed counts as unchanged. Answers the partners' codes, the most telling first.
 */
export async function loadDemo(app: INestApplicationContext, caller: Caller): Promise<string[]> {
  const { partners, blocks, assignments, ports } = demoRegistry(app.get(Clock).now());
  await app.get(PartnerImportsService).importRows(caller, APPLY, partners.map(partnerRow), []);
  const newBlocks = blocks.map((block, place) => ({
    ...block,
    from: block.allocated_at,
    line: place + 1,
    column: 0,
  }));
  await app.get(BlockImportsService).importRows(caller, APPLY, newBlocks, []);
  const rows = new RowReader('31');
  for (const { partner, effective_from, effective_to, first, last } of assignments)
    rows.addRow({ first, last, from: effective_from, to: effective_to }, partner);
  await app.get(AssignmentImportsService).importRows(caller, { ...APPLY, carve: 'true' }, rows);
  const numberPorts = app.get(NumberPortsService);
  if ((await numberPorts.list(caller, { limit: 1 })).items.length === 0)
    await numberPorts.createMany(
      caller,
      ports.map((port) => ({
        first: `+${port.first}`,
        last: `+${port.last}`,
        recipient: port.recipient,
        network: port.network,
        effective_from: formatInstant(port.effective_from),
      })),
    );
  return partners.map((partner) => partner.code);
}

function partnerRow(partner: DemoPartner) {
  const { code, name, kvk_number, contact, disclosure } = partner;
  const shown: Disclosure =
    disclosure.mode === 'registry'
      ? disclosure
      : { mode: 'partner', ...(disclosure.url && { url: disclosure.url }), desk: disclosure.desk };
  return { code, name, ...(kvk_number && { kvk_number }), contact, disclosure: shown };
}
