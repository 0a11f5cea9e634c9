import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers } from '../src/index.js';
import { L } from './build.js';

/** Groups as id, size, sites and why they stay. */
export const groupsOf = (model: tfl.LayersModel) =>
  adaptLayers(model).groups.map(({ id, size, sites, skip }) => [
    id,
    size,
    sites.map((site) => `${site.param}@${site.axis}`).join(' '),
    skip?.text,
  ]);

/** Groups as id, size, and for each site the unit of every index. */
export const unitsOf = (model: tfl.LayersModel) =>
  adaptLayers(model).groups.map(({ id, size, sites, skip }) => [
    id,
    size,
    Object.fromEntries(sites.map(({ param, axis, unitOf }) => [`${param}@${axis}`, unitOf.join(' ')])),
    ...(skip === undefined ? [] : [skip.text]),
  ]);
export const plain = (name: string, units: number) => L.dense({ units, useBias: false, name });
