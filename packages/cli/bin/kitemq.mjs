#!/usr/bin/env node
import { runKitemq } from '../dist/index.js';

process.exit(await runKitemq(process.argv.slice(2)));
