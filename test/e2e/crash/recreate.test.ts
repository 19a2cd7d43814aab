import { isNowhereNoticed } from './ends.ts';

isNowhereNoticed('recreate');
