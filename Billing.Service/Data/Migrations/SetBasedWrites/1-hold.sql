-- billing.hold and billing.settle, as sets: the lines of a call are read by one statement, decided in memory in their order, and written by
-- one statement a table. What they answer has not changed.
--
-- The settings of each function: plans are made once a session, and one that was made for an empty table must still look rows up by their
-- keys when there are millions.

-- Sets money aside. Outcomes: held (now or by an earlier call with this request id: the hold as it stands), closed,
-- insufficient (r_balance and r_held as decided on), foreign (the request id is another account's).
create or replace function billing.hold(
    p_request_ids text[], p_account_ids text[], p_key_ids text[], p_amounts bigint[], p_prompt_tokens bigint[],
    p_output_tokens bigint[], p_price_books bigint[], p_candidates jsonb[], p_markup_basis_points int, p_grant bigint,
    p_now timestamptz, p_expires_at timestamptz)
returns table (
    r_item int, r_outcome text, r_amount bigint, r_output_tokens bigint, r_expires_at timestamptz,
    r_balance bigint, r_held bigint)
language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    -- The accounts.
    v_ids text[];
    v_balances bigint[];
    v_helds bigint[];
    -- The lines: where the account is among them, the first line with the same request id, and the hold that was there before.
    v_places int[];
    v_firsts int[];
    v_owners text[];
    v_states text[];
    v_amounts bigint[];
    v_output_tokens bigint[];
    v_expiries timestamptz[];
    -- What was decided. v_makers: the line that makes the hold of a request id, at the first line that names it.
    v_lines int := cardinality(p_request_ids);
    v_outcomes text[] := array_fill(null::text, array[v_lines]);
    v_account_balances bigint[] := array_fill(null::bigint, array[v_lines]);
    v_account_helds bigint[] := array_fill(null::bigint, array[v_lines]);
    v_makes boolean[] := array_fill(false, array[v_lines]);
    v_makers int[] := array_fill(0, array[v_lines]);
    v_making int := 0;
    v_made int;
    v_maker int;
    v_place int;
begin
    -- A hold that a crash of the database loses frees money and spends none. A settlement's commit is durable, and
    -- makes every commit before it durable too.
    perform set_config('synchronous_commit', 'off', true);
    perform billing.open_accounts(p_account_ids, p_grant, p_now);

    select array_agg(a.id), array_agg(a.balance), array_agg(a.held) into v_ids, v_balances, v_helds
    from (select x.id, x.balance, x.held from billing.accounts x
          where x.id = any (p_account_ids) order by x.id for update) a;

    select array_agg(array_position(v_ids, l.account_id)), array_agg(l.first), array_agg(l.owner), array_agg(l.state),
        array_agg(l.amount), array_agg(l.output_tokens), array_agg(l.expires_at)
    into v_places, v_firsts, v_owners, v_states, v_amounts, v_output_tokens, v_expiries
    from (select w.account_id, min(w.item) over (partition by w.request_id) first, h.account_id owner, h.state, h.amount,
              h.output_tokens, h.expires_at
          from unnest(p_request_ids, p_account_ids) with ordinality w (request_id, account_id, item)
          left join lateral (select x.* from billing.holds x where x.request_id = w.request_id limit 1) h on true
          order by w.item) l;

    for i in 1 .. v_lines loop
        v_place := v_places[i];
        v_maker := v_makers[v_firsts[i]];
        if v_maker > 0 then
            v_outcomes[i] := case when v_places[v_maker] = v_place then 'held' else 'foreign' end;
            v_amounts[i] := p_amounts[v_maker];
            v_output_tokens[i] := p_output_tokens[v_maker];
            v_expiries[i] := p_expires_at;
        elsif v_states[i] is not null then
            v_outcomes[i] := case
                when v_owners[i] <> p_account_ids[i] then 'foreign'
                when v_states[i] = 'open' then 'held'
                else 'closed' end;
        elsif v_balances[v_place] - v_helds[v_place] >= p_amounts[i] then
            v_outcomes[i] := 'held';
            v_amounts[i] := p_amounts[i];
            v_output_tokens[i] := p_output_tokens[i];
            v_expiries[i] := p_expires_at;
            v_helds[v_place] := v_helds[v_place] + p_amounts[i];
            v_makes[i] := true;
            v_makers[v_firsts[i]] := i;
            v_making := v_making + 1;
        else
            v_outcomes[i] := 'insufficient';
        end if;
        v_account_balances[i] := v_balances[v_place];
        v_account_helds[i] := v_helds[v_place];
    end loop;

    if v_making > 0 then
        -- In the order of their ids, lest two statements that name the same ones lock each other out.
        insert into billing.holds (
            request_id, account_id, key_id, amount, prompt_tokens, output_tokens, price_book, candidates, markup_basis_points, state,
            created_at, expires_at)
        select u.request_id, u.account_id, u.key_id, u.amount, u.prompt_tokens, u.output_tokens, u.price_book, u.candidates,
            p_markup_basis_points, 'open', p_now, p_expires_at
        from unnest(
            p_request_ids, p_account_ids, p_key_ids, p_amounts, p_prompt_tokens, p_output_tokens, p_price_books, p_candidates, v_makes)
            u (request_id, account_id, key_id, amount, prompt_tokens, output_tokens, price_book, candidates, makes)
        where u.makes order by u.request_id
        on conflict (request_id) do nothing;
        get diagnostics v_made = row_count;

        if v_made < v_making then
            -- The accounts' locks keep their own repetitions out, not another account that came with the same request id meanwhile.
            for i in 1 .. v_lines loop
                if v_makers[v_firsts[i]] > 0 and not exists (
                    select from billing.holds h where h.request_id = p_request_ids[i] and h.account_id = p_account_ids[i])
                then
                    v_outcomes[i] := 'foreign';
                    if v_makes[i] then
                        v_helds[v_places[i]] := v_helds[v_places[i]] - p_amounts[i];
                    end if;
                end if;
            end loop;
        end if;

        update billing.accounts a set held = u.held
        from unnest(v_ids, v_helds) u (id, held) where a.id = u.id and a.held <> u.held;
    end if;

    return query
    select u.item::int, u.outcome, u.amount, u.output_tokens, u.expires_at, u.balance, u.held
    from unnest(v_outcomes, v_amounts, v_output_tokens, v_expiries, v_account_balances, v_account_helds)
        with ordinality u (outcome, amount, output_tokens, expires_at, balance, held, item);
end
$$;
