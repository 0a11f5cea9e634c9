import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { copy, type Kernel, kernelFunc } from './tensors.js';

/**
 * Einstein summation of one or two tensors, with TensorFlow.js's rules: an arrow, no ellipsis, no label twice in a term. Two
 * terms become one batched matrix product [batch, rows, sum]·[batch, sum, columns], where batch labels are in both terms
 * and the output, summed labels in both terms only, and the rest in one term.
 */
export const einsum: Kernel = () =>
  kernelFunc<tf.EinsumInputs, tf.EinsumAttrs>(({ inputs, attrs, backend }) => {
    const tensors = [...inputs];
    const { allDims, idDims } = tf.backend_util.decodeEinsumEquation(attrs.equation, tensors.length);
    tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors);
    const output = attrs.equation.replace(/\s/g, '').split('->')[1];
    const terms = tensors.map((tensor, i): Term => ({ tensor, labels: idDims[i].map((id) => allDims[id]).join('') }));
    return tf.tidy(() => {
      const [a, b] = terms.map((term, i) => sumOut(term, output + (terms[1 - i]?.labels ?? '')));
      return arrange(b ? contract(backend, a, b, output) : a, output);
    });
  });

/** A tensor with a letter for each axis. */
interface Term {
  readonly tensor: tf.Tensor;
  readonly labels: string;
}

/** Sums over the labels that nothing else mentions. */
function sumOut({ tensor, labels }: Term, wanted: string): Term {
  const axes = [...labels].flatMap((label, axis) => (wanted.includes(label) ? [] : [axis]));
  if (axes.length === 0) return { tensor, labels };
  return { tensor: tf.sum(tensor, axes), labels: [...labels].filter((label) => wanted.includes(label)).join('') };
}

function contract(backend: BackendWasm, a: Term, b: Term, output: string): Term {
  const shared = [...a.labels].filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => output.includes(label)).join('');
  const summed = shared.filter((label) => !output.includes(label)).join('');
  const only = (term: Term) => [...term.labels].filter((label) => !shared.includes(label)).join('');
  const [rows, columns] = [only(a), only(b)];
  const sizes = new Map(
    [a, b].flatMap(({ tensor, labels }) => [...labels].map((label, i) => [label, tensor.shape[i]])),
  );
  const shape = (labels: string) => [...labels].map((label) => sizes.get(label)!);
  const flat = (term: Term, parts: string[]): tf.Tensor3D => {
    const sizes = parts.map((part) => tf.util.sizeFromShape(shape(part)));
    return tf.reshape(arrange(term, parts.join('')), sizes as [number, number, number]);
  };
  const product = multiply(
    flat(a, [batch, rows, summed]),
    copy(backend, flat(b, [batch, summed, columns])) as tf.Tensor3D,
  );
  const labels = batch + rows + columns;
  return { tensor: tf.reshape(product, shape(labels)), labels };
}

/** matMul is for float32 alone. */
const multiply = (a: tf.Tensor3D, b: tf.Tensor3D) =>
  a.dtype === 'float32' && b.dtype === 'float32'
    ? tf.matMul(a, b)
    : tf.sum(tf.mul(tf.expandDims(a, 3), tf.expandDims(b, 1)), 2);

function arrange({ tensor, labels }: Term, order: string): tf.Tensor {
  const perm = [...order].map((label) => labels.indexOf(label));
  return perm.every((axis, i) => axis === i) ? tf.clone(tensor) : tf.transpose(tensor, perm);
}
