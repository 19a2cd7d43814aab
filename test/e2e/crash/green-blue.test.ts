import { isNowhereNoticed } from './ends.ts';

isNowhereNoticed('green-blue');
