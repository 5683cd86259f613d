import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { keepThisPage } from './offline/register';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no element with the id "app"');
mount(App, { target });
keepThisPage();
