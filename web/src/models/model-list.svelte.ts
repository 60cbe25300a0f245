// A searched list of models.

import { models } from '$/api/models';
import { FilteredPages } from '$/api/pages.svelte';

const PAGE = 50;

export const modelList = () => new FilteredPages(models.list, PAGE);
