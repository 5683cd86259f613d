// The sentence for a problem: what a person reads. The code stands below it, to look up or to pass on.
import { STREAM_CLOSED, isOffline, type Problem } from '../graphql/problem';
import { stageName } from '../incidents/words';
import { m } from '../paraglide/messages.js';
import { language } from '../text/language.svelte';
import { SENTENCES, type Values } from './problem-table';

function valuesOf(problem: Problem): Values {
  const values = Object.fromEntries((problem.params ?? []).map(({ name, value }) => [name, value]));
  return values['stage'] === undefined ? values : { ...values, stage: stageName(values['stage']) };
}

export function sentenceOf(problem: Problem): string {
  if (isOffline(problem) || problem.code === STREAM_CLOSED) return m.problem_offline();
  const sentence = SENTENCES[problem.code];
  if (sentence) return sentence(valuesOf(problem));
  return language.current === 'en' ? problem.message : m.problem_unknown();
}
