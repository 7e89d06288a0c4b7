import type pg from 'pg';

import type { ChangeScope } from '../log/log.queries.js';
import type { Clock } from '../shared/clock.js';
import type { Columns } from './range-index.js';
import { RangeColumnsBuilder } from './range-columns-builder.js';
import {
  eachRange,
  readConsistently,
  selectAuthorities,
  selectAuthorityCredentials,
  selectChangesAfter,
  selectNetworks,
  selectPartners,
  selectSerial,
} from './registry.queries.js';
import {
  type RegistryView,
  withAuthorities,
  withCredentials,
  withNetworks,
  withPartners,
} from './registry-view.js';
import { type Layer, LAYERS, RoutingIndex } from './routing-index.js';

const SCOPE_OF = { number_port: 'number_port', assignment: 'assignment', block: 'number_block' } as const;

/** Loads the whole registry. Throws where a layer's rows are invalid, naming them. */
export function loadView(pool: pg.Pool, clock: Clock): Promise<RegistryView> {
  return readConsistently(pool, async (client) => {
    const { serial, at: asOf } = await selectSerial(client);
    const at = Math.max(clock.now(), asOf);
    const layers = {} as Record<Layer, Columns>;
    for (const layer of LAYERS) layers[layer] = await loadLayer(client, layer, at);
    return {
      serial,
      asOf,
      routing: RoutingIndex.load({ serial, at, layers }),
      partners: withPartners(new Map(), await selectPartners(client, null)),
      authorities: withAuthorities(new Map(), await selectAuthorities(client, null)),
      credentials: withCredentials(new Map(), await selectAuthorityCredentials(client, null)),
      networks: withNetworks(new Map(), await selectNetworks(client, null)),
    };
  });
}

async function loadLayer(client: pg.PoolClient, layer: Layer, at: number): Promise<Columns> {
  const rows = new RangeColumnsBuilder();
  await eachRange(client, layer, { endingAfter: at }, (row) => rows.add(row));
  return rows.build();
}

/** The view with all changes that were committed since; the same view where there is none. */
export function catchUpWith(pool: pg.Pool, view: RegistryView, clock: Clock): Promise<RegistryView> {
  return readConsistently(pool, async (client) => {
    const changes = await selectChangesAfter(client, view.serial);
    if (changes.length === 0) return view;
    const of = (scope: ChangeScope) =>
      changes.filter((change) => change.scope === scope).map((change) => change.change);
    const { serial, at: asOf } = await selectSerial(client);
    const at = Math.max(clock.now(), asOf);
    const layers: Partial<Record<Layer, { removed: number[]; rows: Columns }>> = {};
    for (const layer of LAYERS) {
      const touched = of(SCOPE_OF[layer]);
      if (touched.length > 0) layers[layer] = await loadTouched(client, layer, touched);
    }
    return {
      serial,
      asOf: Math.max(asOf, view.asOf),
      routing: view.routing.apply({ serial, at, layers }),
      partners: withPartners(view.partners, await ifAny(of('partner'), (ids) => selectPartners(client, ids))),
      authorities: withAuthorities(
        view.authorities,
        await ifAny(of('authority'), (ids) => selectAuthorities(client, ids)),
      ),
      // Closing a partner revokes its credentials, but none of an authority.
      credentials: withCredentials(
        view.credentials,
        await ifAny(of('credential'), (ids) => selectAuthorityCredentials(client, ids)),
      ),
      networks: withNetworks(
        view.networks,
        await ifAny(of('number_port'), (ids) => selectNetworks(client, ids)),
      ),
    };
  });
}

async function loadTouched(
  client: pg.PoolClient,
  layer: Layer,
  changes: number[],
): Promise<{ removed: number[]; rows: Columns }> {
  const removed: number[] = [];
  const rows = new RangeColumnsBuilder();
  await eachRange(client, layer, { changes }, (row) => {
    removed.push(row[0]);
    if (!row[6]) rows.add(row);
  });
  return { removed, rows: rows.build() };
}

async function ifAny<Row>(changes: number[], read: (changes: number[]) => Promise<Row[]>): Promise<Row[]> {
  return changes.length > 0 ? read(changes) : [];
}
