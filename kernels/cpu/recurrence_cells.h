// What a recurrent cell does to `n` units of one sequence at one step. Compiled for each SIMD level by variants.h.
// Results may not overlap operands.

static void LATHE_NAME(forward_tanh)(const lathe_cell *s) {
  const float *restrict x = s->x[0], *restrict p = s->p[0], *restrict b = s->bias[0], *restrict h = s->h;
  float *restrict a = s->saved[0], *restrict out = s->h_out;
  const float m = s->mask;
  LATHE_LOOP for (long j = 0; j < s->n; j++) {
    const float y = lathe_tanh(x[j] + (p[j] + b[j]));
    a[j] = y;
    out[j] = m * y + (1 - m) * h[j];
  }
}

static void LATHE_NAME(forward_relu)(const lathe_cell *s) {
  const float *restrict x = s->x[0], *restrict p = s->p[0], *restrict b = s->bias[0], *restrict h = s->h;
  float *restrict a = s->saved[0], *restrict out = s->h_out;
  const float m = s->mask;
  LATHE_LOOP for (long j = 0; j < s->n; j++) {
    const float z = x[j] + (p[j] + b[j]);
    const float y = z < 0.0f ? 0.0f : z;
    a[j] = y;
    out[j] = m * y + (1 - m) * h[j];
  }
}

static void LATHE_NAME(forward_lstm)(const lathe_cell *s) {
  const float *restrict xi = s->x[0], *restrict xf = s->x[1], *restrict xg = s->x[2], *restrict xo = s->x[3];
  const float *restrict pi = s->p[0], *restrict pf = s->p[1], *restrict pg = s->p[2], *restrict po = s->p[3];
  const float *restrict bi = s->bias[0], *restrict bf = s->bias[1], *restrict bg = s->bias[2];
  const float *restrict bo = s->bias[3], *restrict h = s->h, *restrict c = s->c;
  float *restrict si = s->saved[0], *restrict sf = s->saved[1], *restrict sg = s->saved[2];
  float *restrict so = s->saved[3], *restrict sy = s->saved[4], *restrict ho = s->h_out, *restrict co = s->c_out;
  const float m = s->mask;
  LATHE_LOOP for (long j = 0; j < s->n; j++) {
    const float i = lathe_sigmoid(xi[j] + (pi[j] + bi[j]));
    const float f = lathe_sigmoid(xf[j] + (pf[j] + bf[j]));
    const float g = lathe_tanh(xg[j] + (pg[j] + bg[j]));
    const float o = lathe_sigmoid(xo[j] + (po[j] + bo[j]));
    const float next = f * c[j] + i * g;
    const float y = lathe_tanh(next);
    si[j] = i;
    sf[j] = f;
    sg[j] = g;
    so[j] = o;
    sy[j] = y;
    co[j] = m * next + (1 - m) * c[j];
    ho[j] = m * (o * y) + (1 - m) * h[j];
  }
}

static void LATHE_NAME(forward_gru)(const lathe_cell *s) {
  const float *restrict xr = s->x[0], *restrict xz = s->x[1], *restrict xn = s->x[2];
  const float *restrict pr = s->p[0], *restrict pz = s->p[1], *restrict pn = s->p[2];
  const float *restrict br = s->bias[0], *restrict bz = s->bias[1], *restrict bn = s->bias[2];
  const float *restrict h = s->h;
  float *restrict sr = s->saved[0], *restrict sz = s->saved[1], *restrict sn = s->saved[2];
  float *restrict sp = s->saved[3], *restrict out = s->h_out;
  const float m = s->mask;
  LATHE_LOOP for (long j = 0; j < s->n; j++) {
    const float r = lathe_sigmoid(xr[j] + (pr[j] + br[j]));
    const float z = lathe_sigmoid(xz[j] + (pz[j] + bz[j]));
    const float p = pn[j] + bn[j];
    const float n = lathe_tanh(xn[j] + r * p);
    sr[j] = r;
    sz[j] = z;
    sn[j] = n;
    sp[j] = p;
    out[j] = m * (n + z * (h[j] - n)) + (1 - m) * h[j];
  }
}

// Backward: `carry` holds the gradient of the state that the later steps give, and takes that of the state before,
// except through its projection; `d` takes the gradients of the gates' inputs.

static void LATHE_NAME(backward_tanh)(const lathe_cell_gradient *s) {
  const float *restrict dh = s->dh, *restrict a = s->saved[0];
  float *restrict carry = s->carry, *restrict d = s->d[0];
  const float m = s->mask;
  LATHE_LOOP for (long j = 0; j < s->n; j++) {
    const float total = dh[j] + carry[j];
    d[j] = m * total * (1 - a[j] * a[j]);
    carry[j] = (1 - m) * total;
  }
}

static void LATHE_NAME(backward_relu)(const lathe_cell_gradient *s) {
  const float *restrict dh = s->dh, *restrict a = s->saved[0];
  float *restrict carry = s->carry, *restrict d = s->d[0];
  const float m = s->mask;
  LATHE_LOOP for (long j = 0; j < s->n; j++) {
    const float total = dh[j] + carry[j];
    d[j] = a[j] <= 0 ? 0.0f : m * total;
    carry[j] = (1 - m) * total;
  }
}

static void LATHE_NAME(backward_lstm)(const lathe_cell_gradient *s) {
  const float *restrict dh = s->dh, *restrict dc = s->dc, *restrict c = s->c;
  const float *restrict si = s->saved[0], *restrict sf = s->saved[1], *restrict sg = s->saved[2];
  const float *restrict so = s->saved[3], *restrict sy = s->saved[4];
  float *restrict carry = s->carry, *restrict cell_carry = s->cell_carry;
  float *restrict di = s->d[0], *restrict df = s->d[1], *restrict dg = s->d[2], *restrict d_o = s->d[3];
  const float m = s->mask;
  LATHE_LOOP for (long j = 0; j < s->n; j++) {
    const float i = si[j], f = sf[j], g = sg[j], o = so[j], y = sy[j];
    const float total = dh[j] + carry[j], cell_total = dc[j] + cell_carry[j];
    const float e = m * total, d = e * o * (1 - y * y) + m * cell_total;
    di[j] = d * g * i * (1 - i);
    df[j] = d * c[j] * f * (1 - f);
    dg[j] = d * i * (1 - g * g);
    d_o[j] = e * y * o * (1 - o);
    carry[j] = (1 - m) * total;
    cell_carry[j] = d * f + (1 - m) * cell_total;
  }
}

static void LATHE_NAME(backward_gru)(const lathe_cell_gradient *s) {
  const float *restrict dh = s->dh, *restrict h = s->h;
  const float *restrict sr = s->saved[0], *restrict sz = s->saved[1], *restrict sn = s->saved[2];
  const float *restrict sp = s->saved[3];
  float *restrict carry = s->carry;
  float *restrict dr = s->d[0], *restrict dz = s->d[1], *restrict dn = s->d[2];
  float *restrict pr = s->p[0], *restrict pz = s->p[1], *restrict pn = s->p[2];
  const float m = s->mask;
  LATHE_LOOP for (long j = 0; j < s->n; j++) {
    const float r = sr[j], z = sz[j], n = sn[j];
    const float total = dh[j] + carry[j], e = m * total;
    const float by_n = e * (1 - z) * (1 - n * n);
    const float by_r = by_n * sp[j] * r * (1 - r), by_z = e * (h[j] - n) * z * (1 - z);
    dr[j] = by_r;
    dz[j] = by_z;
    dn[j] = by_n;
    pr[j] = by_r;
    pz[j] = by_z;
    pn[j] = by_n * r;
    carry[j] = e * z + (1 - m) * total;
  }
}

static const cell_table LATHE_NAME(cells) = {
    {LATHE_NAME(forward_tanh), LATHE_NAME(forward_relu), LATHE_NAME(forward_lstm), LATHE_NAME(forward_gru)},
    {LATHE_NAME(backward_tanh), LATHE_NAME(backward_relu), LATHE_NAME(backward_lstm), LATHE_NAME(backward_gru)},
};
